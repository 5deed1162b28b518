package millrace.spark;

import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.streaming.StreamingQuery;

/** One streaming query of a job: the one of its results, or the one that writes the dead letters of its topic. */
final class JobPart {
  private final JobQuery query;
  private final RunnerConfig.Job job;
  private final RunnerConfig.Checkpoint checkpoint;
  private final Checkpoints checkpoints;
  private Source.Start start = Source.Start.oldest;
  private Dataset<Row> records;

  /** Throws Fatal when the job's SQL is wrong. */
  JobPart(JobQuery query, RunnerConfig.Job job, RunnerConfig.Checkpoint checkpoint) {
    this.query = query;
    this.job = job;
    this.checkpoint = checkpoint;
    this.checkpoints = new Checkpoints(checkpoint, job.input().topic());
    this.records = built();
  }

  String name() {
    return checkpoint.query();
  }

  boolean isCutOff() {
    return query.isCutOff();
  }

  /**
   * Starts the query where its checkpoint says. Where Kafka has deleted records by then that it had still to read, it says how
   * many and goes on with the oldest that are left: failing would not bring them back.
   */
  StreamingQuery start(Servers servers, Progress progress) throws Exception {
    // Nothing to go on from, nothing to lose.
    Map<Integer, Long> oldest = checkpoints.position().isEmpty() ? Map.of() : servers.oldest(job.input().topic());
    long lost = checkpoints.lost(oldest);
    if (lost > 0) {
      Say.line(name() + ": " + lost + " records of " + job.input().topic() + " were deleted before they were read; goes on with the oldest left");
      progress.skipped(name(), lost);
    }
    if (lost > 0 && !checkpoint.stateful()) checkpoints.setAside();
    Source.Start wanted = new Source.Start(checkpoints.startingOffsets(job.input().partitions(), oldest), lost > 0);
    if (!wanted.equals(start)) {
      start = wanted;
      records = built();
    }
    progress.whenFlowing(name(), checkpoints::removeOthers);
    return query.start(checkpoint, records);
  }

  private Dataset<Row> built() {
    return checkpoint == job.checkpoint() ? query.records(start) : query.deadLetters(start);
  }
}
