package millrace.spark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

/** What each query did last, as Spark's listener bus tells it; read by the health server. */
final class Progress extends StreamingQueryListener {
  enum State { waiting, starting, running, idle, restarting }

  private static final class Figures {
    State state = State.waiting;
    long batchId = -1;
    double inputRowsPerSecond;
    double processedRowsPerSecond;
    long inputRows;
    String lastProgressAt;
    String lastError;
    int restarts;
    /** Deleted in Kafka before they were read. */
    long skippedRecords;
    /** Null: it is done. */
    Runnable whenFlowing;
  }

  private final Map<String, Figures> byJob = new LinkedHashMap<>();
  private final Map<java.util.UUID, String> jobByRun = new ConcurrentHashMap<>();

  Progress(List<RunnerConfig.Job> jobs) {
    for (RunnerConfig.Job job : jobs) for (RunnerConfig.Checkpoint each : job.checkpoints()) byJob.put(each.query(), new Figures());
  }

  synchronized void is(String job, State state) {
    byJob.get(job).state = state;
  }

  synchronized void failed(String job, String reason) {
    Figures figures = byJob.get(job);
    figures.state = State.restarting;
    figures.lastError = reason;
    figures.restarts++;
  }

  synchronized void skipped(String job, long records) {
    byJob.get(job).skippedRecords += records;
  }

  /** `work` is done once, in a thread of its own, after the query has written its next batch. */
  synchronized void whenFlowing(String job, Runnable work) {
    byJob.get(job).whenFlowing = work;
  }

  /** All queries run, and each has ended its first trigger or has nothing to do. */
  synchronized boolean ready() {
    return byJob.values().stream().allMatch(each -> each.state == State.running || each.state == State.idle);
  }

  synchronized String waitingFor() {
    List<String> waiting = new ArrayList<>();
    byJob.forEach((job, each) -> {
      if (each.state != State.running && each.state != State.idle) waiting.add("job " + job + " (" + each.state + ")");
    });
    return String.join(", ", waiting);
  }

  synchronized List<Map<String, Object>> snapshot() {
    List<Map<String, Object>> all = new ArrayList<>();
    byJob.forEach((job, each) -> {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("job", job);
      one.put("state", each.state.name());
      one.put("batchId", each.batchId);
      one.put("inputRowsPerSecond", each.inputRowsPerSecond);
      one.put("processedRowsPerSecond", each.processedRowsPerSecond);
      one.put("inputRows", each.inputRows);
      one.put("lastProgressAt", each.lastProgressAt);
      one.put("skippedRecords", each.skippedRecords);
      one.put("restarts", each.restarts);
      one.put("lastError", each.lastError);
      all.add(one);
    });
    return all;
  }

  @Override
  public void onQueryStarted(QueryStartedEvent event) {
    jobByRun.put(event.runId(), event.name());
  }

  @Override
  public synchronized void onQueryProgress(QueryProgressEvent event) {
    StreamingQueryProgress progress = event.progress();
    Figures figures = byJob.get(progress.name());
    if (figures == null) return;
    figures.state = State.running;
    figures.batchId = progress.batchId();
    figures.inputRowsPerSecond = finite(progress.inputRowsPerSecond());
    figures.processedRowsPerSecond = finite(progress.processedRowsPerSecond());
    figures.inputRows += progress.numInputRows();
    figures.lastProgressAt = progress.timestamp();
    if (progress.numInputRows() == 0 || figures.whenFlowing == null) return;
    Health.daemon(figures.whenFlowing, "flowing-" + progress.name()).start();
    figures.whenFlowing = null;
  }

  @Override
  public synchronized void onQueryIdle(QueryIdleEvent event) {
    Figures figures = byJob.get(jobByRun.getOrDefault(event.runId(), ""));
    if (figures != null) figures.state = State.idle;
  }

  @Override
  public void onQueryTerminated(QueryTerminatedEvent event) {
    jobByRun.remove(event.runId());
  }

  private static double finite(double value) {
    return Double.isFinite(value) ? value : 0;
  }
}
