package millrace.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The page of one job in the conservation ledger: what is settled, and of the batch that runs what its tasks have counted.
 * Settled counts go up to an offset of each partition, and what a later start of the query reads from below is not counted
 * again (CountsAccumulator). A batch is settled on disk before it is committed (StageBooks): so whatever moment the driver dies
 * in, each record is counted once.
 */
final class JobBook {
  /** Windows kept; the oldest go first. */
  static final int maxWindows = 4096;

  final String job;
  final String topic;
  /** Of the topic that was read so far; null where that is not known. */
  private String topicId;
  private final BookFile file;
  private StageCounts settled = new StageCounts();
  private int forgottenWindows;
  /** Windows from then on have an end counted for all that was read; negative where the job does not count that. */
  private long completeFromMs;
  private boolean countsAll;
  private boolean isNew;
  private BookFile.Unknown unknown;
  private long runningBatch = -1;
  /** Of the running batch, by stage and partition: a task that Spark runs again though it ended well counts once. */
  private final Map<Long, StageCounts> ended = new HashMap<>();
  /** The newest word of tasks that run, by task. */
  private final Map<Long, StageCounts> live = new HashMap<>();
  private long deadLetteredBefore;

  /** `isNew`: its query reads from the beginning of all, so that an earlier book would have all of it twice. */
  JobBook(String job, String topic, BookFile file, boolean isNew) {
    this.job = job;
    this.topic = topic;
    this.file = file;
    if (isNew) file.remove();
    BookFile.Content found = file.read(topic);
    this.isNew = found == null;
    if (found != null) take(found);
  }

  private void take(BookFile.Content found) {
    topicId = found.topicId();
    settled = found.counts();
    forgottenWindows = found.forgottenWindows();
    completeFromMs = found.completeFromMs();
    unknown = found.unknown();
    deadLetteredBefore = settled.total(StageCounts.Kind.deadLettered);
  }

  /** Of a job that counts an end of all that it reads, or does not; one that begins to do so does from the next window on. */
  void countsAll(boolean all) {
    countsAll = all;
    if (!all) completeFromMs = -1;
    else if (completeFromMs < 0) completeFromMs = System.currentTimeMillis() + StageCounts.windowMs;
  }

  /** A book of before ids were kept is told by its positions alone. */
  boolean isOfAnother(Topic found) {
    return (topicId != null && !topicId.equals(found.id())) || found.endsBefore(settled.positions);
  }

  /**
   * Before each start of the query. A topic that was removed and made anew has other records at the same offsets: the book begins
   * anew. One that had lost records before the job began to read it has windows of which the job can't know all.
   */
  void reads(Topic found) {
    if (isOfAnother(found)) {
      take(file.forget(topic, "is of the topic " + topic + " before that was removed and made anew"));
      countsAll(countsAll);
    } else if (isNew && found.goneBeforeMs() > 0) {
      long beforeMs = found.goneBeforeMs() + StageCounts.windowMs;
      unknown = new BookFile.Unknown(beforeMs, "Kafka had deleted records of the topic " + topic + " before the job began to read it");
    }
    topicId = found.id();
    isNew = false;
  }

  /** By partition, below which offset all is settled. */
  Map<Integer, Long> positions() {
    return Map.copyOf(settled.positions);
  }

  /** A batch has several Spark jobs where it broadcasts a table. Negative: the batch was given up. */
  void begin(long batch) {
    if (batch == runningBatch) return;
    runningBatch = batch;
    ended.clear();
    live.clear();
  }

  void runs(long task, StageCounts counts) {
    live.put(task, counts);
  }

  void startsAgain(long place) {
    ended.remove(place);
  }

  /** `counts`: null where the task has failed, or counted nothing. */
  void ends(long task, long place, StageCounts counts) {
    live.remove(task);
    if (counts != null) ended.put(place, counts);
  }

  /** A Spark job that has counted nothing does not end the batch: its counts are still to come. */
  void settle() {
    if (ended.values().stream().allMatch(StageCounts::isEmpty)) return;
    StageCounts added = new StageCounts();
    ended.values().forEach(added::add);
    settled.add(added);
    ended.clear();
    live.clear();
    while (settled.windows.size() > maxWindows) {
      settled.windows.pollFirstEntry();
      forgottenWindows++;
    }
    file.write(new BookFile.Content(topic, topicId, settled, forgottenWindows, completeFromMs, unknown), added.windows.keySet());
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
    ended.values().forEach(action);
    live.values().forEach(action);
  }

  int forgottenWindows() {
    return forgottenWindows;
  }

  long completeFromMs() {
    return completeFromMs;
  }

  /** Null: nothing is. */
  BookFile.Unknown unknown() {
    return unknown;
  }

  /** Null: none. */
  String fault() {
    return file.fault();
  }
}
