package millrace.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.JobSucceeded$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;

/**
 * The ledger of each job, kept by the driver. What tasks of a batch have counted is added up while the batch runs, and settled
 * when its Spark job has ended, before the batch is committed: `beforeCommit` waits for that.
 */
final class StageBooks extends SparkListener {
  private static final ObjectMapper json = new ObjectMapper();
  static final String namePrefix = "millrace-counts:";
  private static final long settledWithinMs = 10_000;

  /** Comes to this listener after all that Spark has told before. */
  private record AllTold(CountDownLatch latch) implements SparkListenerEvent {}

  private final Map<String, JobBook> byQuery = new HashMap<>();
  private final Map<Path, String> queryByCheckpoint = new HashMap<>();
  private final Map<Integer, String> queryByStage = new HashMap<>();
  private final Map<Integer, String> queryBySparkJob = new HashMap<>();
  private final long startMs = System.currentTimeMillis();
  private volatile SparkContext context;

  /**
   * Of a job with state, a book for each shape of its query: one that is made anew reads everything again. Of another, one for each
   * topic (BookFile).
   */
  StageBooks(RunnerConfig config) {
    Path directory = Path.of(config.ledgerDir());
    for (RunnerConfig.Job job : config.jobs()) {
      RunnerConfig.Checkpoint checkpoint = job.checkpoint();
      Path own = Path.of(checkpoint.directory());
      String topic = job.input().topic();
      boolean keepsState = checkpoint.stateful();
      BookFile file = keepsState ? new BookFile(directory, own.getFileName().toString()) : BookFile.ofTopic(directory, job.name(), topic);
      boolean isNew = keepsState && !Checkpoints.hasBegun(own);
      byQuery.put(checkpoint.query(), new JobBook(job.name(), topic, file, isNew));
      queryByCheckpoint.put(own, checkpoint.query());
    }
  }

  /** From now on it is told what the tasks do. */
  void listen(SparkContext context) {
    this.context = context;
    context.addSparkListener(this);
  }

  /** See JobBook. */
  synchronized void countsAll(RunnerConfig.Checkpoint checkpoint, boolean all) {
    byQuery.get(checkpoint.query()).countsAll(all);
  }

  /** Whether what the job's query has read is of another topic, which had this name. */
  synchronized boolean isOfAnother(RunnerConfig.Checkpoint checkpoint, Topic topic) {
    return byQuery.get(checkpoint.query()).isOfAnother(topic);
  }

  /** By partition of the topic, below which offset the job's query need not count again. Before the query starts. */
  Map<Integer, Long> positions(RunnerConfig.Checkpoint checkpoint, Topic topic) {
    awaitTold();
    synchronized (this) {
      JobBook book = byQuery.get(checkpoint.query());
      book.reads(topic);
      return book.positions();
    }
  }

  /**
   * Called in the query's thread before the file of a commit is written (LocalCheckpointFiles). Returns once the batch is settled:
   * a driver that died with the commit written and the counts not would have lost these for good.
   */
  void beforeCommit(Path commit) {
    if (queryByCheckpoint.containsKey(commit.getParent().getParent())) awaitTold();
  }

  private void awaitTold() {
    AllTold end = new AllTold(new CountDownLatch(1));
    context.listenerBus().post(end);
    try {
      // Later only where Spark's queue has overflowed: then what it told is lost, too.
      if (!end.latch.await(settledWithinMs, TimeUnit.MILLISECONDS)) Say.line("the ledger goes on without what Spark has not told it");
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void onOtherEvent(SparkListenerEvent event) {
    if (event instanceof AllTold end) end.latch.countDown();
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    var properties = start.properties();
    if (properties == null) return;
    String batch = properties.getProperty("streaming.sql.batchId");
    String description = properties.getProperty("spark.job.description");
    if (batch == null || description == null) return;
    String job = description.lines().findFirst().orElse("");
    JobBook book = byQuery.get(job);
    if (book == null) return;
    book.begin(Long.parseLong(batch));
    queryBySparkJob.put(start.jobId(), job);
    var stages = start.stageIds().iterator();
    while (stages.hasNext()) queryByStage.put((Integer) stages.next(), job);
  }

  @Override
  public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    var tasks = update.accumUpdates().iterator();
    while (tasks.hasNext()) {
      var task = tasks.next();
      String job = queryByStage.get((Integer) task._2());
      if (job == null) continue;
      StageCounts counts = countsIn(task._4().iterator());
      if (counts != null) byQuery.get(job).runs((Long) task._1(), counts);
    }
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    String job = queryByStage.get(start.stageId());
    if (job != null) byQuery.get(job).startsAgain(place(start.stageId(), start.taskInfo()));
  }

  private static long place(int stage, TaskInfo task) {
    return (long) stage << 32 | task.partitionId();
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    String job = queryByStage.get(end.stageId());
    if (job == null) return;
    TaskInfo task = end.taskInfo();
    StageCounts counts = task.successful() ? countsIn(task.accumulables().iterator()) : null;
    byQuery.get(job).ends(task.taskId(), place(end.stageId(), task), counts);
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd end) {
    String job = queryBySparkJob.remove(end.jobId());
    if (job == null) return;
    queryByStage.values().removeIf(job::equals);
    JobBook book = byQuery.get(job);
    if (end.jobResult() instanceof JobSucceeded$) book.settle();
    else book.begin(-1);
  }

  private static StageCounts countsIn(scala.collection.Iterator<AccumulableInfo> all) {
    StageCounts found = null;
    while (all.hasNext()) {
      AccumulableInfo info = all.next();
      if (info.name().isEmpty() || !info.name().get().startsWith(namePrefix)) continue;
      if (info.update().isDefined() && info.update().get() instanceof StageCounts counts) {
        if (found == null) found = new StageCounts();
        found.add(counts);
      }
    }
    return found;
  }

  /**
   * The shape of `StageReport` in platform/telemetry/stageMeter.ts, one for each job. `sinceMs`: of the ledger, only windows that
   * began at this time or later.
   */
  synchronized ArrayNode report(long sinceMs) {
    ArrayNode reports = json.createArrayNode();
    for (JobBook book : byQuery.values()) {
      StageCounts counts = book.now(sinceMs);
      ObjectNode report = reports.addObject();
      report.set("checkpoint", BooksJson.checkpoint(book.job, startMs, counts));
      ObjectNode ledger = BooksJson.ledger(book, counts);
      ledger.put("deadLettered", book.deadLettered());
      ObjectNode positions = ledger.putObject("positions");
      counts.positions.forEach((partition, next) -> positions.put(book.topic + "/" + partition, next));
      report.set("ledger", ledger);
    }
    return reports;
  }
}
