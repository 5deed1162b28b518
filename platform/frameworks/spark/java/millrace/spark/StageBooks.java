package millrace.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.JobSucceeded$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * The ledger of each job, kept by the driver. What tasks of a batch have counted is added up while the batch runs, and written
 * down with the batch's number when its Spark job has ended, before the batch is committed. A batch that is repeated after
 * the death of the driver has a number that is written down already, or none of its counts are: each batch is counted once.
 */
final class StageBooks extends SparkListener {
  /** Windows kept; the oldest go first. */
  private static final int maxWindows = 4096;
  private static final ObjectMapper json = new ObjectMapper();
  static final String namePrefix = "millrace-counts:";

  private static final class Book {
    final Path file;
    /** What is written down, and the last batch in it. */
    StageCounts settled = new StageCounts();
    long settledBatch = -1;
    int forgottenWindows;
    /** Of the batch that runs: tasks that have ended, and the newest word of those that have not. */
    long runningBatch = -1;
    final StageCounts ended = new StageCounts();
    final Map<Long, StageCounts> live = new HashMap<>();
    String fault;

    Book(Path file) {
      this.file = file;
    }

    void begin(long batch) {
      if (batch == runningBatch) return;
      runningBatch = batch;
      ended.clear();
      live.clear();
    }

    StageCounts now() {
      StageCounts sum = settled.copy();
      if (runningBatch <= settledBatch) return sum;
      sum.add(ended);
      live.values().forEach(sum::add);
      return sum;
    }

    void settle(long batch) {
      if (batch <= settledBatch) return;
      settled.add(ended);
      settledBatch = batch;
      ended.clear();
      live.clear();
      while (settled.windows.size() > maxWindows) {
        settled.windows.pollFirstEntry();
        forgottenWindows++;
      }
      write();
    }

    private void write() {
      try {
        Files.createDirectories(file.getParent());
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.write(draft, json.writeValueAsBytes(BooksJson.settled(this.settled, settledBatch, forgottenWindows)));
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        fault = null;
      } catch (IOException error) {
        fault = "the ledger can not be written: " + Say.reason(error);
      }
    }

    void read() {
      if (!Files.exists(file)) return;
      try {
        JsonNode tree = json.readTree(file.toFile());
        settled = BooksJson.counts(tree.get("counts"));
        settledBatch = tree.get("batch").asLong();
        forgottenWindows = tree.get("forgottenWindows").asInt();
      } catch (IOException | RuntimeException error) {
        fault = "the ledger " + file + " can not be read, it is left as it is: " + Say.reason(error);
      }
    }
  }

  private final Map<String, Book> byJob = new HashMap<>();
  private final Map<Integer, String> jobByStage = new HashMap<>();
  private final Map<Integer, String> jobBySparkJob = new HashMap<>();
  private final long startMs = System.currentTimeMillis();

  StageBooks(RunnerConfig config, Path directory) {
    for (RunnerConfig.Job job : config.jobs()) {
      Book book = new Book(directory.resolve(job.name() + ".json"));
      book.read();
      byJob.put(job.name(), book);
    }
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    var properties = start.properties();
    if (properties == null) return;
    String batch = properties.getProperty("streaming.sql.batchId");
    String description = properties.getProperty("spark.job.description");
    if (batch == null || description == null) return;
    String job = description.lines().findFirst().orElse("");
    Book book = byJob.get(job);
    if (book == null) return;
    book.begin(Long.parseLong(batch));
    jobBySparkJob.put(start.jobId(), job);
    var stages = start.stageIds().iterator();
    while (stages.hasNext()) jobByStage.put((Integer) stages.next(), job);
  }

  @Override
  public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    var tasks = update.accumUpdates().iterator();
    while (tasks.hasNext()) {
      var task = tasks.next();
      String job = jobByStage.get((Integer) task._2());
      if (job == null) continue;
      StageCounts counts = countsIn(task._4().iterator());
      if (counts != null) byJob.get(job).live.put((Long) task._1(), counts);
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    String job = jobByStage.get(end.stageId());
    if (job == null) return;
    Book book = byJob.get(job);
    book.live.remove(end.taskInfo().taskId());
    if (!end.taskInfo().successful()) return;
    StageCounts counts = countsIn(end.taskInfo().accumulables().iterator());
    if (counts != null) book.ended.add(counts);
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd end) {
    String job = jobBySparkJob.remove(end.jobId());
    if (job == null) return;
    jobByStage.values().removeIf(job::equals);
    Book book = byJob.get(job);
    if (end.jobResult() instanceof JobSucceeded$) book.settle(book.runningBatch);
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

  /** The shape of `StageReport` in platform/telemetry/stageMeter.ts, one for each job. */
  synchronized ArrayNode report() {
    ArrayNode reports = json.createArrayNode();
    byJob.forEach(
        (job, book) -> {
          StageCounts counts = book.now();
          ObjectNode report = reports.addObject();
          report.set("checkpoint", BooksJson.checkpoint(job, startMs, counts));
          report.set("ledger", BooksJson.ledger(job, counts, book.forgottenWindows, book.fault));
        });
    return reports;
  }
}
