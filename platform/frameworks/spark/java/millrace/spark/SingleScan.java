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
 * results and the dead letters. Real-time mode knows one scan and one sink a query, and a second scan would hold as many
 * slots again.
 *
 * Every filter is widened to `… OR _dead IS NOT NULL`, every projection carries `_dead` along.
 */
final class SingleScan {
  private SingleScan() {}

  /** Empty when the query does more than filter and project. */
  static Optional<LogicalPlan> passingDead(LogicalPlan analysed) {
    if (analysed instanceof SubqueryAlias alias) return passingDead(alias.child());
    if (analysed instanceof View view) return passingDead(view.child());
    if (analysed instanceof Project project && deadOf(project).isEmpty()) {
      return passingDead(project.child()).flatMap(child -> deadOf(child).map(dead -> carrying(project, child, dead)));
    }
    if (analysed instanceof Filter filter) {
      return passingDead(filter.child()).flatMap(child -> deadOf(child).map(dead -> widened(filter, child, dead)));
    }
    // The projection of Source.decoded, or one that selected every column with `*`.
    return analysed instanceof Project project ? Optional.of(project) : Optional.empty();
  }

  private static LogicalPlan carrying(Project project, LogicalPlan child, Attribute dead) {
    List<NamedExpression> columns = new ArrayList<>(CollectionConverters.asJava(project.projectList()));
    columns.add(dead);
    return new Project(scala.collection.immutable.List$.MODULE$.from(CollectionConverters.asScala(columns)), child);
  }

  private static LogicalPlan widened(Filter filter, LogicalPlan child, Attribute dead) {
    Expression either = new Or(new IsNotNull(dead), filter.condition());
    return new Filter(either, child);
  }

  private static Optional<Attribute> deadOf(LogicalPlan plan) {
    var each = plan.output().iterator();
    while (each.hasNext()) {
      Attribute attribute = each.next();
      if (attribute.name().equals(Source.dead)) return Optional.of(attribute);
    }
    return Optional.empty();
  }
}
