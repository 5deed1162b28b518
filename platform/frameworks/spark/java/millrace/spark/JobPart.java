package millrace.spark;

import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.streaming.StreamingQuery;

/** One streaming query of a job: the one of its results, or the one that writes the dead letters of its topic. */
final class JobPart {
  private final JobQuery query;
  private final RunnerConfig.Job job;
  private final RunnerConfig.Checkpoint checkpoint;
  private final Checkpoints checkpoints;
  private Source.Start start = Source.Start.oldest;
  private Dataset<Row> records;
  private final StageBooks books;
  private final BatchEnd end;
  private boolean startedBefore;
  private volatile StreamingQuery running;

  /** Throws Fatal when the job's SQL is wrong. */
  JobPart(JobQuery query, RunnerConfig.Job job, RunnerConfig.Checkpoint checkpoint, StageBooks books) {
    this.books = books;
    this.end = BatchEnd.of(checkpoint.query());
    this.query = query;
    this.job = job;
    this.checkpoint = checkpoint;
    this.checkpoints = new Checkpoints(checkpoint, job.input().topic());
    this.records = built();
  }

  String name() {
    return checkpoint.query();
  }

  boolean isCutOff() {
    return query.isCutOff();
  }

  /**
   * Starts the query where its checkpoint says. Where Kafka has deleted records by then that it had still to read, it says how
   * many and goes on with the oldest that are left: failing would not bring them back. A topic that was made anew is read whole.
   */
  StreamingQuery start(Servers servers, Progress progress) throws Exception {
    Topic topic = servers.topic(job.input().topic(), startedBefore);
    startedBefore = true;
    boolean isAnother = isOfResults() && books.isOfAnother(checkpoint, topic);
    if (isAnother || topic.endsBefore(checkpoints.position())) {
      Say.line(name() + ": " + job.input().topic() + " was removed and made anew since it was read; begins with its oldest record");
      checkpoints.forget();
    }
    // After the checkpoint: the book tells a start after this one what the topic was.
    if (isOfResults()) query.countFrom(books.positions(checkpoint, topic));
    Map<Integer, Long> oldest = topic.oldest();
    long lost = checkpoints.lost(oldest);
    if (lost > 0) {
      Say.line(name() + ": " + lost + " records of " + job.input().topic() + " were deleted before they were read; goes on with the oldest left");
      progress.skipped(name(), lost);
    }
    if (lost > 0 && !checkpoint.stateful()) checkpoints.setAside();
    Source.Start wanted = new Source.Start(checkpoints.startingOffsets(job.input().partitions(), oldest), lost > 0);
    if (!wanted.equals(start)) {
      start = wanted;
      records = built();
    }
    progress.whenFlowing(name(), checkpoints::removeOthers);
    running = query.start(checkpoint, records);
    return running;
  }

  /** Begins to end the batch that runs; no other begins after it. */
  void askEnd() {
    end.ask();
  }

  /** False: the batch was not committed by `deadlineNanos` (of System.nanoTime). */
  boolean awaitEnd(long deadlineNanos) {
    try {
      return end.await(deadlineNanos, this::isInBatch);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean isInBatch() {
    StreamingQuery query = running;
    return query != null && query.isActive() && query.status().isTriggerActive();
  }

  private boolean isOfResults() {
    return checkpoint == job.checkpoint();
  }

  private Dataset<Row> built() {
    return isOfResults() ? query.records(start) : query.deadLetters(start);
  }
}
