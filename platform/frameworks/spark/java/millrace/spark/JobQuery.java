package millrace.spark;

import static org.apache.spark.sql.functions.col;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;

/** One job: its SQL over its input, into one streaming query. */
final class JobQuery {
  /** What keeps state, or needs all rows at once. */
  private static final Set<String> stateful =
      Set.of("Aggregate", "Distinct", "Deduplicate", "DeduplicateWithinWatermark", "Window", "Sort", "GlobalLimit", "LocalLimit");

  private final RunnerConfig config;
  private final RunnerConfig.Job job;
  private final SparkSession session;
  private final Counting counting;
  private boolean countsAll = true;

  JobQuery(RunnerConfig config, RunnerConfig.Job job, SparkSession root, Progress progress) {
    this.config = config;
    this.job = job;
    // A session of its own: views of the same name in two jobs do not meet.
    this.session = root.newSession();
    session.streams().addListener(progress);
    this.counting = new Counting(job.name(), job.sabotageOf(config.sabotage()), session);
  }

  /** The records that the job will write. Throws Fatal when the SQL is wrong; touches neither Kafka nor the executors. */
  Dataset<Row> records(Source.Start start) {
    for (RunnerConfig.Reference reference : job.references()) load(reference);
    Dataset<Row> all = Source.decoded(read(job.checkpoint(), start), counting);
    Dataset<Row> good = all.where(col(Source.dead).isNull()).drop(Source.dead, Source.ledger);
    if (!job.realtime()) {
      // Before duplicates are left out: what is counted must be all that was read.
      Dataset<Row> counted = counting.aggregated(counting.sabotaged(good, col("_pathway")));
      return Records.ofResults(job, config.pipeline(), results(Source.withWatermark(counted, job)), counting);
    }
    Dataset<Row> results = results(good);
    Optional<LogicalPlan> single = SingleScan.passing(analysed(results(all)), counting);
    // A result without its pathway goes out uncounted.
    countsAll = single.isPresent() && Arrays.asList(results.columns()).contains("_pathway");
    if (job.deadLetters() && single.isEmpty()) throw new Fatal("job " + job.name() + ": mode realtime takes filters and projections only");
    if (single.isEmpty()) return Records.ofResults(job, config.pipeline(), results, counting);
    var classic = (org.apache.spark.sql.classic.SparkSession) session;
    Dataset<Row> either = org.apache.spark.sql.classic.Dataset.ofRows(classic, single.get());
    Dataset<Row> rows = counting.sabotaged(either, col(Source.ledger + ".pathway"));
    if (job.deadLetters()) return Records.ofEither(job, config.pipeline(), rows, counting);
    return Records.ofResults(job, config.pipeline(), rows.where(col(Source.dead).isNull()), counting);
  }

  /** Whether all that the job reads comes to an end that is counted, as far as `records` has found. */
  boolean countsAll() {
    return countsAll;
  }

  /** What the query of its own writes that sorts out the records that do not fit. */
  Dataset<Row> deadLetters(Source.Start start) {
    return Records.ofDeadLetters(job, Source.decoded(read(job.deadLetterCheckpoint(), start), null));
  }

  private Source.Read read(RunnerConfig.Checkpoint checkpoint, Source.Start start) {
    return new Source.Read(session, config.kafka(), job, checkpoint.query(), start);
  }

  /** Of what the job reads from now on, records below these offsets, by partition, are counted already. */
  void countFrom(Map<Integer, Long> offsets) {
    counting.counts.countFrom(offsets);
  }

  /** The job's SQL over `input`, checked against the schema of the output topic and the job's mode. */
  private Dataset<Row> results(Dataset<Row> input) {
    input.createOrReplaceTempView(job.input().view());
    Dataset<Row> results;
    try {
      results = session.sql(job.sql());
    } catch (Exception error) {
      // Spark's analysis and parse errors are checked exceptions that its Java signatures do not declare.
      if (error instanceof AnalysisException) throw new Fatal("job " + job.name() + ": its SQL is refused: " + Say.reason(error));
      throw error;
    }
    OutputSchema.check(job, results.schema());
    SqlRules.check(job, analysed(input), analysed(results));
    if (!job.checkpoint().stateful()) refuseState(analysed(results));
    return results;
  }

  private static LogicalPlan analysed(Dataset<Row> rows) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) rows).queryExecution().analyzed();
  }

  StreamingQuery start(RunnerConfig.Checkpoint checkpoint, Dataset<Row> records) throws TimeoutException {
    DataStreamWriter<Row> writer =
        records
            .writeStream()
            .queryName(checkpoint.query())
            .format("kafka")
            .outputMode("update")
            .option("checkpointLocation", checkpoint.directory())
            .option("kafka.acks", "all")
            .option("kafka.linger.ms", "2")
            .trigger(job.realtime() ? Trigger.RealTime(job.triggerMs()) : Trigger.ProcessingTime(job.triggerMs()));
    for (Map.Entry<String, String> property : config.kafka().properties().entrySet()) {
      writer.option("kafka." + property.getKey(), property.getValue());
    }
    return writer.start();
  }

  /** The application is over, for example because its executors failed again and again: no query can run in it. */
  boolean isCutOff() {
    return session.sparkContext().isStopped();
  }

  private void refuseState(LogicalPlan plan) {
    if (plan.isStreaming() && stateful.contains(plan.nodeName())) {
      String what = job.realtime() ? "mode realtime takes filters and projections only" : "it was planned as a job without state";
      throw new Fatal("job " + job.name() + ": " + what + ", its SQL has " + plan.nodeName());
    }
    var children = plan.children().iterator();
    while (children.hasNext()) refuseState(children.next());
  }

  /** A reference is small: its rows go into the plan, so that no executor reads a file. */
  private void load(RunnerConfig.Reference reference) {
    ObjectMapper json = new ObjectMapper();
    List<Row> rows = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(Path.of(reference.file()))) {
        if (line.isBlank()) continue;
        JsonNode object = json.readTree(line);
        rows.add(RowFactory.create(reference.fields().stream().map(field -> value(field, object.get(field.name()))).toArray()));
      }
    } catch (IOException error) {
      throw new Fatal("job " + job.name() + ": the reference file " + reference.file() + " can not be read");
    }
    session.createDataFrame(rows, Types.row(reference.fields())).createOrReplaceTempView(reference.view());
  }

  private static Object value(RunnerConfig.Field field, JsonNode node) {
    if (node == null || node.isNull()) return null;
    try {
      return switch (field.type()) {
        case "int" -> node.intValue();
        case "long" -> node.longValue();
        case "double" -> node.doubleValue();
        case "boolean" -> node.booleanValue();
        case "timestamp" -> IsoTime.parse(node.asText(), field.name());
        default -> node.asText();
      };
    } catch (Misfit misfit) {
      throw new Fatal("a reference row does not fit: " + misfit.getMessage());
    }
  }
}
