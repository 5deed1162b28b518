package millrace.spark;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import sun.misc.Signal;

/**
 * The driver application of one pipeline: runs all its SQL jobs. `Runner CONFIG.json`.
 *
 * Exit codes: 0 on SIGTERM; 3 when the configuration is wrong, with one line that says where; 1 when a query failed too
 * often in a row, so that the agent starts the whole process again.
 */
public final class Runner {
  private static final int configurationExit = 3;
  /** Below the grace of driver-task.ts, by what it takes to stop the session. */
  private static final long commitWithinMs = 9000;

  private Runner() {}

  public static void main(String[] arguments) {
    try {
      if (arguments.length != 1) throw new Fatal("expected one argument, the file of the configuration");
      run(RunnerConfig.read(Path.of(arguments[0])));
    } catch (Fatal fatal) {
      end(configurationExit, "configuration refused: " + fatal.getMessage().lines().findFirst().orElse(""));
    } catch (Throwable error) {
      end(1, "ended: " + Say.reason(error));
    }
  }

  private static void run(RunnerConfig config) throws Exception {
    Progress progress = new Progress(config.jobs());
    StageBooks books = new StageBooks(config);
    Health health = new Health(config, progress, books);
    health.listen();
    Scratch.clear();
    Servers servers = new Servers(config, health);
    servers.awaitMaster();
    health.waitsFor("waiting for the Spark session");
    SparkSession session = SparkSession.builder().config(conf(config)).getOrCreate();
    session.sparkContext().addSparkListener(new TaskStarts(config, progress));
    books.listen(session.sparkContext());
    LocalCheckpointFiles.beforeCommit = books::beforeCommit;
    List<Supervised> queries = new CopyOnWriteArrayList<>();
    endOnTerm(session, queries);
    for (RunnerConfig.Job job : config.jobs()) {
      JobQuery query = new JobQuery(config, job, session, progress);
      for (RunnerConfig.Checkpoint checkpoint : job.checkpoints()) {
        queries.add(new Supervised(new JobPart(query, job, checkpoint, books), servers, progress));
      }
      books.countsAll(job.checkpoint(), query.countsAll());
    }
    servers.awaitTopics();
    health.waitsFor("");
    for (Supervised query : queries) Health.daemon(query, "query-" + query.query()).start();
    Say.line("started " + config.jobs().size() + " jobs of pipeline " + config.pipeline());
    Supervised.awaitFailure();
    end(1, "a job failed too often in a row");
  }

  /**
   * SIGTERM: each query ends and commits the batch it is in, the executors go, exit code 0. The next start repeats nothing, but of
   * a batch that does not end in time.
   */
  private static void endOnTerm(SparkSession session, List<Supervised> queries) {
    Signal.handle(
        new Signal("TERM"),
        signal -> {
          Supervised.ending = true;
          for (Supervised query : queries) query.askEnd();
          long deadlineNanos = System.nanoTime() + commitWithinMs * 1_000_000;
          for (Supervised query : queries) query.awaitEnd(deadlineNanos);
          session.stop();
          end(0, "ended on SIGTERM");
        });
  }

  private static SparkConf conf(RunnerConfig config) {
    SparkConf conf = new SparkConf(false).setMaster(config.master()).setAppName(config.pipeline());
    config.sparkProperties().forEach(conf::set);
    return conf;
  }

  /** Without shutdown hooks' leave to wait: the executors go when the connection does. */
  private static void end(int code, String line) {
    Say.line(line);
    Runtime.getRuntime().halt(code);
  }
}
