package millrace.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.JobSucceeded$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;

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

  static final class Book {
    final String job;
    final String topic;
    final Path file;
    /** What is written down, and the last batch in it. */
    StageCounts settled = new StageCounts();
    long settledBatch = -1;
    int forgottenWindows;
    /** Windows from then on have an end counted for all that was read; negative where the job does not count that. */
    long completeFromMs;
    /** Of the batch that runs: tasks that have ended, and the newest word of those that have not. */
    long runningBatch = -1;
    /**
     * By stage and partition: a task that ended well is run again where an executor took its output with it, and counts once.
     */
    final Map<Long, StageCounts> ended = new HashMap<>();
    final Map<Long, StageCounts> live = new HashMap<>();
    private long deadLetteredBefore;
    String fault;
    /** What was counted earlier is gone: windows that began before are unknown; 0: none, and then `unknownWhy` is null. */
    long unknownBeforeMs;
    String unknownWhy;

    Book(String job, String topic, Path file) {
      this.job = job;
      this.topic = topic;
      this.file = file;
    }

    /** Whether the running batch is not written down since before: a batch has several Spark jobs where it broadcasts a table. */
    boolean fresh;

    void begin(long batch) {
      if (batch == runningBatch) return;
      runningBatch = batch;
      fresh = batch > settledBatch;
      ended.clear();
      live.clear();
    }

    /** Of windows that began at `sinceMs` or later. */
    StageCounts now(long sinceMs) {
      StageCounts sum = new StageCounts();
      each(counts -> sum.add(counts, sinceMs));
      return sum;
    }

    /** Since the process started, in windows that are kept. */
    long deadLettered() {
      long[] total = {-deadLetteredBefore};
      each(counts -> total[0] += counts.total(StageCounts.Kind.deadLettered));
      return Math.max(0, total[0]);
    }

    private void each(Consumer<StageCounts> action) {
      action.accept(settled);
      if (!fresh) return;
      ended.values().forEach(action);
      live.values().forEach(action);
    }

    /** A job that has counted nothing does not end the batch: its counts are still to come. */
    void settle() {
      if (!fresh || ended.values().stream().allMatch(StageCounts::isEmpty)) return;
      ended.values().forEach(settled::add);
      settledBatch = runningBatch;
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
        Files.write(draft, json.writeValueAsBytes(BooksJson.settled(this)));
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        fault = null;
      } catch (IOException error) {
        fault = "the ledger can not be written: " + Say.reason(error);
      }
    }

    void read() {
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) return;
      try {
        JsonNode tree = json.readTree(file.toFile());
        StageCounts counts = BooksJson.counts(tree.get("counts"));
        settledBatch = tree.get("batch").asLong();
        forgottenWindows = tree.get("forgottenWindows").asInt();
        completeFromMs = tree.path("completeFromMs").asLong(-1);
        unknownBeforeMs = tree.path("unknownBefore").path("ms").asLong(0);
        unknownWhy = unknownBeforeMs == 0 ? null : tree.path("unknownBefore").path("why").asText();
        settled = counts;
        deadLetteredBefore = settled.total(StageCounts.Kind.deadLettered);
      } catch (IOException | RuntimeException error) {
        forget(Say.reason(error));
      }
    }

    /** Telemetry must not keep the job from running: counts begin anew, and it is told from when on they are whole. */
    private void forget(String reason) {
      settledBatch = -1;
      forgottenWindows = 0;
      completeFromMs = -1;
      unknownBeforeMs = System.currentTimeMillis();
      Path aside = file.resolveSibling(file.getFileName() + ".unread");
      unknownWhy = "its journal " + file + " could not be read (" + reason + "): it lies as " + aside + ", and counts begin anew";
      try {
        Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException error) {
        unknownWhy = "its journal " + file + " can not be used (" + reason + "): make it and its directory readable and writable to "
            + "the user that Millrace runs as, or move the file away; it is tried again with each batch";
        fault = unknownWhy;
        return;
      }
      // At once: a driver that dies before its first batch has ended must not take the file that is missing for a new job's.
      write();
    }
  }

  private final Map<String, Book> byQuery = new HashMap<>();
  private final Map<Integer, String> queryByStage = new HashMap<>();
  private final Map<Integer, String> queryBySparkJob = new HashMap<>();
  private final long startMs = System.currentTimeMillis();

  /** Of a job with state, a book for each shape of its query: one that is made anew reads everything again. */
  StageBooks(RunnerConfig config) {
    for (RunnerConfig.Job job : config.jobs()) {
      RunnerConfig.Checkpoint checkpoint = job.checkpoint();
      String name = checkpoint.stateful() ? Path.of(checkpoint.directory()).getFileName().toString() : job.name();
      Book book = new Book(job.name(), job.input().topic(), Path.of(config.ledgerDir(), name + ".json"));
      book.read();
      byQuery.put(checkpoint.query(), book);
    }
  }

  /** Of a job that counts an end of all that it reads, or does not; one that begins to do so does from the next window on. */
  synchronized void countsAll(RunnerConfig.Checkpoint checkpoint, boolean all) {
    Book book = byQuery.get(checkpoint.query());
    if (!all) book.completeFromMs = -1;
    else if (book.completeFromMs < 0) book.completeFromMs = System.currentTimeMillis() + StageCounts.windowMs;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    var properties = start.properties();
    if (properties == null) return;
    String batch = properties.getProperty("streaming.sql.batchId");
    String description = properties.getProperty("spark.job.description");
    if (batch == null || description == null) return;
    String job = description.lines().findFirst().orElse("");
    Book book = byQuery.get(job);
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
      if (counts != null) byQuery.get(job).live.put((Long) task._1(), counts);
    }
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    String job = queryByStage.get(start.stageId());
    if (job != null) byQuery.get(job).ended.remove(place(start.stageId(), start.taskInfo()));
  }

  private static long place(int stage, TaskInfo task) {
    return (long) stage << 32 | task.partitionId();
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    String job = queryByStage.get(end.stageId());
    if (job == null) return;
    Book book = byQuery.get(job);
    book.live.remove(end.taskInfo().taskId());
    if (!end.taskInfo().successful()) return;
    StageCounts counts = countsIn(end.taskInfo().accumulables().iterator());
    if (counts != null) book.ended.put(place(end.stageId(), end.taskInfo()), counts);
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd end) {
    String job = queryBySparkJob.remove(end.jobId());
    if (job == null) return;
    queryByStage.values().removeIf(job::equals);
    Book book = byQuery.get(job);
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
    byQuery.forEach(
        (query, book) -> {
          StageCounts counts = book.now(sinceMs);
          ObjectNode report = reports.addObject();
          report.set("checkpoint", BooksJson.checkpoint(book.job, startMs, counts));
          ObjectNode ledger = BooksJson.ledger(book, counts);
          ledger.put("deadLettered", book.deadLettered());
          ObjectNode positions = ledger.putObject("positions");
          counts.positions.forEach((partition, next) -> positions.put(book.topic + "/" + partition, next));
          report.set("ledger", ledger);
        });
    return reports;
  }
}
