/** A pipeline's Spark jobs: their state, rates, lag and SQL. */
import type { JobInfo } from '../../../../api/contract/data.ts';
import { useQuery } from '../../api/useQuery.ts';
import { formatCount, formatRate } from '../../format/numbers.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { refine } from '../../shell/usePlace.ts';
import { Answer } from '../../ui/Answer.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { NoPipeline, PipelineSelect, usePipelineChoice } from '../../ui/PipelineSelect.tsx';
import { Scroll } from '../../ui/Scroll.tsx';
import { StateBadge } from '../../ui/StateBadge.tsx';
import { Empty } from '../../ui/states.tsx';
import './jobs.css';

export function Jobs({ query }: PageProps) {
  const choice = usePipelineChoice(query.pipeline);
  const { chosen } = choice;
  return (
    <>
      <PageHead title="Jobs">
        {chosen !== null && (
          <PipelineSelect choice={choice} onChoose={(pipeline) => refine({ pipeline, job: undefined })} />
        )}
      </PageHead>
      {chosen === null ? (
        <NoPipeline choice={choice} what="A pipeline’s queries run as Spark jobs." />
      ) : (
        <List pipeline={chosen} job={query.job} />
      )}
    </>
  );
}

function List({ pipeline, job }: { readonly pipeline: string; readonly job: string | undefined }) {
  const found = useQuery('jobs', { params: { pipeline } }, { everyMs: 5000 });
  return (
    <Answer of={found}>
      {(jobs) =>
        jobs.length === 0 ? (
          <Empty title={`${pipeline} has no jobs`}>
            <p>Its blueprint has no query: events go from topics to stores as they are.</p>
          </Empty>
        ) : (
          <ul className="stack">
            {jobs.map((each) => (
              <Job key={each.name} pipeline={pipeline} job={each} isChosen={each.name === job} />
            ))}
          </ul>
        )
      }
    </Answer>
  );
}

function Job({
  pipeline,
  job,
  isChosen,
}: {
  readonly pipeline: string;
  readonly job: JobInfo;
  readonly isChosen: boolean;
}) {
  const { name, mode, input, output, sql, state, reason, task, inputRatePerSecond, lagRecords } = job;
  const topic = (each: string) => <a href={hrefOf(`/topics/${segment(pipeline)}/${segment(each)}`)}>{each}</a>;
  return (
    <li className={isChosen ? 'card chosen' : 'card'}>
      <header>
        <h2>{name}</h2>
        <StateBadge state={state} />
      </header>
      <div className="card-body job">
        <dl className="facts">
          <dt>State</dt>
          <dd>{reason}</dd>
          <dt>Reads</dt>
          <dd>{topic(input)}</dd>
          <dt>Writes</dt>
          <dd>{topic(output)}</dd>
          <dt>Mode</dt>
          <dd>{mode}</dd>
          <dt>Takes in</dt>
          <dd>{formatRate(inputRatePerSecond)}</dd>
          <dt>Lag</dt>
          <dd>{formatCount(lagRecords)} records</dd>
          <dt>Task</dt>
          <dd>
            <a href={hrefOf(`/logs/${segment(task)}`)}>{task}</a>
          </dd>
        </dl>
        <Scroll label={`SQL of ${name}`}>{sql}</Scroll>
      </div>
    </li>
  );
}
