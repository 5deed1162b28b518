package millrace.spark;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.date_format;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.filter;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.slice;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.unix_millis;
import static org.apache.spark.sql.functions.when;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;

/** Rows → Kafka records (columns `topic`, `key`, `value`, `headers`): results of a job's SQL, and dead letters. */
final class Records {
  private static final Map<String, String> jsonOptions =
      Map.of("ignoreNullFields", "false", "timestampFormat", IsoTime.pattern, "timeZone", "UTC");

  /** Kafka takes a little more (`max.request.size`, `max.message.bytes`: 1 MiB); our own headers come to it. */
  private static final int maxDeadBytes = 1_000_000;

  private static final String sizeOfDead =
      "coalesce(length(_dead.key), 0) + coalesce(length(_dead.value), 0) + if(_dead.headers is null, 0,"
          + " aggregate(_dead.headers, 0, (bytes, header) -> bytes + 16 + length(header.key) + coalesce(length(header.value), 0)))";

  private record Parts(Column topic, Column key, Column value, Column headers) {
    Column[] columns() {
      return new Column[] {topic.as("topic"), key.as("key"), value.as("value"), headers.as("headers")};
    }

    Parts or(Parts other, Column condition) {
      return new Parts(
          when(condition, topic).otherwise(other.topic),
          when(condition, key).otherwise(other.key),
          when(condition, value).otherwise(other.value),
          when(condition, headers).otherwise(other.headers));
    }
  }

  private Records() {}

  static Dataset<Row> ofResults(RunnerConfig.Job job, String pipeline, Dataset<Row> rows, Counting counting) {
    return rows.select(result(job, pipeline, Arrays.asList(rows.columns()), counting).columns());
  }

  static Dataset<Row> ofDeadLetters(RunnerConfig.Job job, Dataset<Row> rows) {
    return rows.where(col(Source.dead).isNotNull()).select(deadLetter(job).columns());
  }

  /** Of rows that carry `_dead` (see SingleScan): a dead letter where it is filled in, else a result. */
  static Dataset<Row> ofEither(RunnerConfig.Job job, String pipeline, Dataset<Row> rows, Counting counting) {
    Parts result = result(job, pipeline, Arrays.asList(rows.columns()), counting);
    return rows.select(result.or(deadLetter(job), col(Source.dead).isNull()).columns());
  }

  private static Parts result(RunnerConfig.Job job, String pipeline, List<String> columns, Counting counting) {
    Map<String, Column> headers = new LinkedHashMap<>();
    headers.put("ce_specversion", lit("1.0"));
    headers.put("ce_id", col("_event_id"));
    headers.put("ce_time", date_format(col("_event_time"), IsoTime.pattern));
    headers.put("ce_type", lit(job.output().eventType()));
    headers.put("ce_source", lit("/pipelines/" + pipeline + "/jobs/" + job.name()));
    headers.put("content-type", lit("application/json"));
    if (columns.contains("_traceparent")) headers.put("traceparent", col("_traceparent"));
    if (columns.contains("_pathway")) {
      boolean oneToOne = !job.checkpoint().stateful();
      Column trace = columns.contains("_traceparent") ? col("_traceparent") : lit(null).cast(DataTypes.StringType);
      headers.put("millrace-pathway", counting.onward(trace, oneToOne));
      if (oneToOne) headers.put("millrace-job-at", Counting.origin());
    }
    if (columns.contains("_ingested_at")) headers.put("millrace-job-in", unix_millis(col("_ingested_at")));
    headers.put("millrace-job", lit(job.name()));
    Column[] fields = job.output().fields().stream().map(field -> col(field.name())).toArray(Column[]::new);
    return new Parts(
        lit(job.output().topic()), bytes(key(job, columns)), bytes(to_json(struct(fields), jsonOptions)), present(headers));
  }

  /**
   * A record that can't be decoded goes on as it came, with why and from where. One that Kafka would refuse for its size, now
   * that headers are added, would end the job for good: it keeps its first bytes, and says so, as the sinks' dead letters do
   * (platform/connectors/kafka/deadLetter.ts).
   */
  private static Parts deadLetter(RunnerConfig.Job job) {
    Map<String, Column> headers = new LinkedHashMap<>();
    headers.put("millrace-reason", col("_dead.reason"));
    headers.put("millrace-detail", col("_dead.detail"));
    headers.put("millrace-flow", lit("spark:" + job.name()));
    headers.put("millrace-origin-topic", col("_dead.topic"));
    headers.put("millrace-origin-partition", col("_dead.partition"));
    headers.put("millrace-origin-offset", col("_dead.offset"));
    Column original = coalesce(col("_dead.headers"), array().cast("array<struct<key:string,value:binary>>"));
    Column isLarge = expr(sizeOfDead + " > " + maxDeadBytes);
    headers.put("millrace-value-cut-from", when(isLarge, coalesce(length(col("_dead.value")), lit(0))));
    Column few = filter(original, header -> coalesce(length(header.getField("value")), lit(0)).leq(256));
    return new Parts(
        lit(job.input().deadLetterTopic()),
        when(isLarge, substring(col("_dead.key"), 1, 1024)).otherwise(col("_dead.key")),
        when(isLarge, substring(col("_dead.value"), 1, 16 * 1024)).otherwise(col("_dead.value")),
        concat(when(isLarge, slice(few, lit(1), lit(64))).otherwise(original), present(headers)));
  }

  private static Column key(RunnerConfig.Job job, List<String> columns) {
    // Where the key's field is null, the event's id, as in platform/connectors/event.ts: no record goes without a key.
    String key = job.output().key().equals("event_id") ? "_event_id" : job.output().key();
    Column own = coalesce(col(key).cast(DataTypes.StringType), col("_event_id"));
    return columns.contains("_key") ? coalesce(col("_key"), own) : own;
  }

  private static Column present(Map<String, Column> headers) {
    Column[] all =
        headers.entrySet().stream()
            .map(header -> struct(lit(header.getKey()).as("key"), bytes(header.getValue()).as("value")))
            .toArray(Column[]::new);
    return filter(array(all), header -> header.getField("value").isNotNull());
  }

  private static Column bytes(Column column) {
    return column.cast(DataTypes.StringType).cast(DataTypes.BinaryType);
  }
}
