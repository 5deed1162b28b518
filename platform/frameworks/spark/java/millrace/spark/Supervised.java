package millrace.spark;

import java.util.concurrent.CountDownLatch;
import org.apache.spark.sql.streaming.StreamingQuery;

/** Keeps one query running: started again from its checkpoint after a failure, with a growing pause. */
final class Supervised implements Runnable {
  private static final int maxFailuresInARow = 5;
  private static final long firstPauseMs = 500;
  /** A query that ran this long has recovered: its earlier failures no longer count. */
  private static final long recoveredAfterMs = 60_000;

  /** The process is told to end: what fails from now on fails for that reason. */
  static volatile boolean ending;

  private static final CountDownLatch failed = new CountDownLatch(1);

  private final JobPart part;
  private final Servers servers;
  private final Progress progress;

  Supervised(JobPart part, Servers servers, Progress progress) {
    this.part = part;
    this.servers = servers;
    this.progress = progress;
  }

  String query() {
    return part.name();
  }

  void askEnd() {
    part.askEnd();
  }

  /** Returns once the batch that runs is committed, or at `deadlineNanos` (of System.nanoTime). */
  void awaitEnd(long deadlineNanos) {
    if (!part.awaitEnd(deadlineNanos)) Say.line("query " + query() + " is ended in a batch, which the next start repeats");
  }

  /** Returns when some query has failed too often in a row. */
  static void awaitFailure() throws InterruptedException {
    failed.await();
  }

  @Override
  public void run() {
    int failures = 0;
    while (failures < maxFailuresInARow) {
      long began = System.nanoTime();
      String reason = runOnce();
      if (ending) return;
      if (part.isCutOff()) {
        Say.line("the Spark master has ended the application: " + reason);
        break;
      }
      if (System.nanoTime() - began > recoveredAfterMs * 1_000_000) failures = 0;
      failures++;
      long pauseMs = firstPauseMs << (failures - 1);
      progress.failed(query(), reason);
      Say.line("query " + query() + " failed (" + failures + " of " + maxFailuresInARow + " in a row), again in " + pauseMs + " ms: " + reason);
      pause(pauseMs);
    }
    failed.countDown();
  }

  private String runOnce() {
    progress.is(query(), Progress.State.starting);
    try {
      StreamingQuery running = part.start(servers, progress);
      running.awaitTermination();
      return "the query stopped by itself";
    } catch (Exception error) {
      return Say.reason(error);
    }
  }

  private static void pause(long pauseMs) {
    try {
      Thread.sleep(pauseMs);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }
}
