package millrace.spark;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationRef;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.WithCTE;

/** What a job's SQL must not do. Of an analysed plan; what the text alone shows, the deploy's plan refuses (plan/jobSql.ts). */
final class SqlRules {
  private final String job;
  private final Map<Object, LogicalPlan> definitions = new HashMap<>();
  private final Map<ExprId, Expression> aliases = new HashMap<>();

  private SqlRules(String job) {
    this.job = job;
  }

  /** Throws Fatal. `input`: the table that the SQL of `job` reads, `results`: what it makes. */
  static void check(RunnerConfig.Job job, LogicalPlan input, LogicalPlan results) {
    SqlRules rules = new SqlRules(job.name());
    if (rules.reads(results) > 1) rules.refuse("its SQL reads its topic more than once, and would count each event as often: read it once");
    if (!job.realtime()) return;
    rules.collectAliases(results);
    ExprId given = named(input, "_event_id").exprId();
    if (!rules.isHandedOn(named(results, "_event_id"), given)) {
      rules.refuse("mode realtime hands events on under their own ids, its SQL makes another _event_id: put that into a field");
    }
  }

  private void refuse(String why) {
    throw new Fatal("job " + job + ": " + why);
  }

  /** How many scans of the topic Spark would make: a common table expression is one for each time it is named. */
  private int reads(LogicalPlan plan) {
    if (plan instanceof WithCTE with) {
      var each = with.cteDefs().iterator();
      while (each.hasNext()) {
        var definition = each.next();
        definitions.put(definition.id(), definition.child());
      }
      return reads(with.plan());
    }
    if (plan instanceof CTERelationRef reference) return reads(definitions.get(reference.cteId()));
    var children = plan.children().iterator();
    if (!children.hasNext()) return plan.isStreaming() ? 1 : 0;
    int sum = 0;
    while (children.hasNext()) sum += reads(children.next());
    var subqueries = plan.subqueries().iterator();
    while (subqueries.hasNext()) sum += reads((LogicalPlan) subqueries.next());
    return sum;
  }

  private void collectAliases(LogicalPlan plan) {
    if (plan instanceof Project project) {
      var columns = project.projectList().iterator();
      while (columns.hasNext()) {
        NamedExpression column = columns.next();
        if (column instanceof Alias alias) aliases.put(alias.exprId(), alias.child());
      }
    }
    var children = plan.children().iterator();
    while (children.hasNext()) collectAliases(children.next());
  }

  private boolean isHandedOn(Expression column, ExprId given) {
    if (!(column instanceof Attribute attribute)) return false;
    if (attribute.exprId().equals(given)) return true;
    Expression made = aliases.get(attribute.exprId());
    return made != null && isHandedOn(made, given);
  }

  private static Attribute named(LogicalPlan plan, String name) {
    var each = plan.output().iterator();
    while (each.hasNext()) {
      Attribute attribute = each.next();
      if (attribute.name().equals(name)) return attribute;
    }
    throw new IllegalStateException("no column " + name);
  }
}
