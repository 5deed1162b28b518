package millrace.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.IsNotNull;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.Or;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.View;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Lets records that could not be decoded pass by a filter-and-project query, so that one scan of the topic gives both the
 * results and the dead letters, and counts what its filters leave out. Real-time mode knows one scan and one sink a query, and
 * a second scan would hold as many slots again.
 *
 * Every filter is widened to `_dead IS NOT NULL OR … OR count(_ledger)`, of which the last part counts and is false; Spark looks
 * at it only where the others are not true. Every projection carries both columns along.
 */
final class SingleScan {
  private static final List<String> carried = List.of(Source.dead, Source.ledger);

  private SingleScan() {}

  /** Empty when the query does more than filter and project. */
  static Optional<LogicalPlan> passing(LogicalPlan analysed, Counting counting) {
    if (analysed instanceof SubqueryAlias alias) return passing(alias.child(), counting);
    if (analysed instanceof View view) return passing(view.child(), counting);
    if (analysed instanceof Filter filter) return passing(filter.child(), counting).map(child -> widened(filter, child, counting));
    if (!(analysed instanceof Project project)) return Optional.empty();
    // The projection that makes the columns: Source.decoded.
    if (named(project.child(), Source.dead) == null) return named(project, Source.dead) == null ? Optional.empty() : Optional.of(project);
    return passing(project.child(), counting).map(child -> carrying(project, child));
  }

  private static LogicalPlan carrying(Project project, LogicalPlan child) {
    List<NamedExpression> columns = new ArrayList<>(CollectionConverters.asJava(project.projectList()));
    for (String name : carried) if (named(project, name) == null) columns.add(named(child, name));
    return new Project(scala.collection.immutable.List$.MODULE$.from(CollectionConverters.asScala(columns)), child);
  }

  private static LogicalPlan widened(Filter filter, LogicalPlan child, Counting counting) {
    Expression counted = new Or(filter.condition(), counting.filtered(named(child, Source.ledger)));
    return new Filter(new Or(new IsNotNull(named(child, Source.dead)), counted), child);
  }

  /** Null when the plan gives no such column. */
  private static Attribute named(LogicalPlan plan, String name) {
    var each = plan.output().iterator();
    while (each.hasNext()) {
      Attribute attribute = each.next();
      if (attribute.name().equals(name)) return attribute;
    }
    return null;
  }
}
