package millrace.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import java.io.Serializable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataTypes;

/**
 * Counts the events of a job for its page of the conservation ledger, inside its query: where they are decoded, where an
 * aggregation takes them in, where its results go out. As nondeterministic functions, so that Spark calls each once a row.
 */
final class Counting implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String checkpoint;
  final CountsAccumulator counts = new CountsAccumulator();

  Counting(String job, SparkSession session) {
    this.checkpoint = "job:" + job;
    session.sparkContext().register(counts, StageBooks.namePrefix + job);
  }

  /** The rows, each counted as one that an aggregation works into its results. */
  Dataset<Row> aggregated(Dataset<Row> rows) {
    CountsAccumulator counts = this.counts;
    UDF2<String, String, Boolean> count =
        (id, pathway) -> {
          counts.count(StageCounts.Kind.aggregated, PathwayHeader.ofColumn(pathway), id);
          return true;
        };
    return rows.where(udf(count, DataTypes.BooleanType).asNondeterministic().apply(col("_event_id"), col("_pathway")));
  }

  /** The header that a result carries on; the result is counted as going out. Null where its event came without one. */
  Column onward() {
    CountsAccumulator counts = this.counts;
    String checkpoint = this.checkpoint;
    UDF2<String, String, String> pass =
        (id, pathway) -> {
          PathwayHeader header = PathwayHeader.ofColumn(pathway);
          if (header == null) return null;
          long nowMs = System.currentTimeMillis();
          counts.count(StageCounts.Kind.out, header, id);
          counts.passed(header, nowMs);
          return header.onward(checkpoint, nowMs);
        };
    return udf(pass, DataTypes.StringType).asNondeterministic().apply(col("_event_id"), col("_pathway"));
  }

  /** Where the result's event was read, `partition:offset`: for results that are made one to one. */
  static Column origin() {
    UDF1<String, String> origin = pathway -> pathway == null || pathway.indexOf('@') < 0 ? null : pathway.substring(pathway.indexOf('@') + 1);
    return udf(origin, DataTypes.StringType).apply(col("_pathway"));
  }
}
