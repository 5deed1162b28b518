package millrace.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamReader;
import org.apache.spark.sql.types.DataTypes;

/** The input topic of a job as a streaming table. Each call makes a new reader of its own. */
final class Source {
  /** Null for a good record; for another, what its dead letter is made of. SQL never sees it filled in. */
  static final String dead = "_dead";

  /** Id and pathway of a good record, for what counts it where SQL has left its columns out: null for another. */
  static final String ledger = "_ledger";

  /** Columns that SQL may use besides the fields of the schema. */
  private static final List<String> envelope =
      List.of("_event_id", "_event_time", "_traceparent", "_pathway", "_ingested_at", "_key");

  /**
   * `offsets`: Spark's `startingOffsets`, for a query without a checkpoint. `pastLoss`: records that the query had still to
   * read are gone from Kafka, which was said; it goes on with the oldest. Otherwise such a loss fails the query.
   */
  record Start(String offsets, boolean pastLoss) {
    static final Start oldest = new Start("earliest", false);
  }

  /** What is read, by which query. */
  record Read(SparkSession session, RunnerConfig.KafkaLogin kafka, RunnerConfig.Job job, String query, Start start) {}

  private Source() {}

  /** Fields, envelope, `_dead` and `_ledger`, good and bad records alike. `counting`: null where another query of the job counts. */
  static Dataset<Row> decoded(Read read, Counting counting) {
    RunnerConfig.Job job = read.job();
    var fields = job.input().fields();
    Column decode =
        udf(new Decoder(fields, counting == null ? null : counting.counts), Decoder.type(fields))
            // Otherwise the optimiser would copy the call into every column that uses it.
            .asNondeterministic()
            .apply(col("key"), col("value"), col("headers"), col("partition"), col("offset"));
    Dataset<Row> rows = raw(read).withColumn("_decoded", decode);
    List<Column> columns = new ArrayList<>();
    for (RunnerConfig.Field field : fields) columns.add(col("_decoded." + field.name()));
    for (String name : envelope.subList(0, 4)) columns.add(col("_decoded." + name));
    columns.add(col("timestamp").as("_ingested_at"));
    columns.add(col("key").cast(DataTypes.StringType).as("_key"));
    Column letter =
        struct(
            col("_decoded._reason").as("reason"), col("_decoded._detail").as("detail"), col("topic"), col("partition"),
            col("offset"), col("key"), col("value"), col("headers"));
    columns.add(when(col("_decoded._reason").isNotNull(), letter).as(dead));
    Column counted = struct(col("_decoded._event_id").as("id"), col("_decoded._pathway").as("pathway"));
    columns.add(when(col("_decoded._reason").isNull(), counted).as(ledger));
    return rows.select(columns.toArray(Column[]::new));
  }

  /** `deduplicate` and the watermark are the business of micro-batch jobs; a real-time one keeps no state. */
  static Dataset<Row> withWatermark(Dataset<Row> rows, RunnerConfig.Job job) {
    if (job.watermarkMs() == 0) return rows;
    Dataset<Row> marked = rows.withWatermark("_event_time", job.watermarkMs() + " milliseconds");
    return job.deduplicate() ? marked.dropDuplicatesWithinWatermark(new String[] {"_event_id"}) : marked;
  }

  private static Dataset<Row> raw(Read read) {
    DataStreamReader reader =
        read.session()
            .readStream()
            .format(EndableKafka.class.getName())
            .option(EndableKafka.queryOption, read.query())
            .option("subscribe", read.job().input().topic())
            .option("startingOffsets", read.start().offsets())
            .option("includeHeaders", "true")
            .option("failOnDataLoss", String.valueOf(!read.start().pastLoss()));
    for (Map.Entry<String, String> property : read.kafka().properties().entrySet()) {
      reader.option("kafka." + property.getKey(), property.getValue());
    }
    return reader.load();
  }
}
