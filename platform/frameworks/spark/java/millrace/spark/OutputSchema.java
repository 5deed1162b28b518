package millrace.spark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Checks the columns that a job's SQL gives against the schema of its output topic, before anything runs. */
final class OutputSchema {
  /** Output columns that become headers or the key, and the type each must have. */
  private static final Map<String, String> envelope =
      Map.of(
          "_event_id", "string", "_event_time", "timestamp", "_traceparent", "string", "_pathway", "string",
          "_ingested_at", "timestamp", "_key", "string");

  private OutputSchema() {}

  /** Throws Fatal when the columns of the SQL are not the fields of the output topic's schema. */
  static void check(RunnerConfig.Job job, StructType schema) {
    List<String> faults = new ArrayList<>();
    Map<String, StructField> columns = new LinkedHashMap<>();
    for (StructField column : schema.fields()) columns.put(column.name(), column);
    columns.remove(Source.dead);
    columns.remove(Source.ledger);
    for (String needed : List.of("_event_id", "_event_time")) if (!columns.containsKey(needed)) faults.add("no column " + needed);
    for (RunnerConfig.Field field : job.output().fields()) {
      StructField column = columns.remove(field.name());
      if (column == null) faults.add("no column " + field.name());
      else if (!column.dataType().equals(Types.of(field))) faults.add(mismatch(column, field.type()));
    }
    for (StructField column : columns.values()) {
      String type = envelope.get(column.name());
      if (type == null) faults.add("column " + column.name() + " is not in the schema");
      else if (!column.dataType().sameType(Types.of(new RunnerConfig.Field(column.name(), type, true)))) faults.add(mismatch(column, type));
    }
    if (faults.isEmpty()) return;
    throw new Fatal(
        "job " + job.name() + ": its SQL does not give the schema of topic " + job.output().topic() + ": " + String.join("; ", faults));
  }

  private static String mismatch(StructField column, String type) {
    return "column " + column.name() + " is " + column.dataType().simpleString() + ", expected " + type;
  }
}
