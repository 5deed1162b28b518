package millrace.spark;

import static org.apache.spark.sql.functions.array_repeat;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.udf;

import java.io.Serializable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.api.java.UDF3;
import org.apache.spark.sql.classic.ColumnNodeToExpressionConverter$;
import org.apache.spark.sql.classic.ExpressionUtils;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.types.DataTypes;

/**
 * Counts the events of a job for its page of the conservation ledger, inside its query: where they are decoded, where a filter
 * leaves them out or an aggregation takes them in, where its results go out. As nondeterministic functions, so that Spark calls
 * each once a row.
 */
final class Counting implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String checkpoint;
  private final RunnerConfig.Sabotage sabotage;
  final CountsAccumulator counts = new CountsAccumulator();

  /** `sabotage`: null for a job that is left alone. */
  Counting(String job, RunnerConfig.Sabotage sabotage, SparkSession session) {
    this.checkpoint = "job:" + job;
    this.sabotage = sabotage;
    session.sparkContext().register(counts, StageBooks.namePrefix + job);
  }

  /** The rows, each counted as one that an aggregation works into its results. */
  Dataset<Row> aggregated(Dataset<Row> rows) {
    CountsAccumulator counts = this.counts;
    UDF2<String, String, Boolean> count =
        (id, pathway) -> {
          if (!counts.isCounted(pathway)) counts.count(StageCounts.Kind.aggregated, PathwayHeader.ofColumn(pathway), id);
          return true;
        };
    return rows.where(udf(count, DataTypes.BooleanType).asNondeterministic().apply(col("_event_id"), col("_pathway")));
  }

  /** False, once it has counted the event of the column `Source.ledger` as one that a filter leaves out. */
  Expression filtered(Attribute ledger) {
    CountsAccumulator counts = this.counts;
    UDF2<String, String, Boolean> count =
        (id, pathway) -> {
          if (!counts.isCounted(pathway)) counts.count(StageCounts.Kind.filtered, PathwayHeader.ofColumn(pathway), id);
          return false;
        };
    Column call = udf(count, DataTypes.BooleanType).asNondeterministic().apply(part(ledger, 0, "id"), part(ledger, 1, "pathway"));
    return ColumnNodeToExpressionConverter$.MODULE$.apply(call.node());
  }

  private static Column part(Attribute struct, int at, String name) {
    return ExpressionUtils.column(new GetStructField(struct, at, scala.Option.apply(name)));
  }

  /**
   * The rows, one of them left out or doubled where that was asked for (telemetry/sabotage.ts). `pathway`: the event's, as in the
   * column `_pathway`; null for a dead letter, which passes.
   */
  Dataset<Row> sabotaged(Dataset<Row> rows, Column pathway) {
    if (sabotage == null) return rows;
    Saboteur saboteur = new Saboteur(checkpoint, sabotage.action(), sabotage.event(), System.currentTimeMillis());
    UDF1<String, Integer> times = saboteur::times;
    Column[] all = java.util.Arrays.stream(rows.columns()).map(name -> col("`" + name + "`")).toArray(Column[]::new);
    return rows
        .withColumn("_times", udf(times, DataTypes.IntegerType).asNondeterministic().apply(pathway))
        .withColumn("_time", explode(array_repeat(lit(1), col("_times"))))
        .select(all);
  }

  /**
   * The header that a result carries on; the result is counted as going out, with the trace of `traceparent` as an exemplar where
   * it is sampled. Null where its event came without one. `oneToOne`: the pathway is of the one record that the result is made
   * of; else it is of one of many, which may have been read long ago.
   */
  Column onward(Column traceparent, boolean oneToOne) {
    CountsAccumulator counts = this.counts;
    String checkpoint = this.checkpoint;
    UDF3<String, String, String, String> pass =
        (id, pathway, trace) -> {
          PathwayHeader header = PathwayHeader.ofColumn(pathway);
          if (header == null) return null;
          long nowMs = System.currentTimeMillis();
          if (!oneToOne || !counts.isCounted(pathway)) counts.passed(header, id, nowMs, Trace.ofSampled(trace));
          return header.onward(checkpoint, nowMs);
        };
    return udf(pass, DataTypes.StringType).asNondeterministic().apply(col("_event_id"), col("_pathway"), traceparent);
  }

  /** Where the result's event was read, `partition:offset`: for results that are made one to one. */
  static Column origin() {
    UDF1<String, String> origin = pathway -> pathway == null || pathway.indexOf('@') < 0 ? null : pathway.substring(pathway.indexOf('@') + 1);
    return udf(origin, DataTypes.StringType).apply(col("_pathway"));
  }
}
