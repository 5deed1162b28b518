package millrace.spark;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a job has seen of the events of each window of origin time, and how late they were: its page of the conservation ledger
 * and its pathways (platform/telemetry/conservation, pathway). Adds up: tasks count apart, the driver adds.
 */
final class StageCounts implements Serializable {
  private static final long serialVersionUID = 1L;
  static final long windowMs = 10_000;
  /** As in platform/telemetry/pathway/histogram.ts: eight buckets an octave, 27 octaves of milliseconds. */
  private static final int perOctave = 8;
  private static final int octaves = 27;
  private static final int buckets = octaves * perOctave;
  /** As in pathways.ts: pathways beyond so many are counted together, so that memory stays bounded. */
  private static final int maxPathways = 128;
  static final String overflow = "f".repeat(16);

  enum Kind { in, out, filtered, deadLettered, aggregated }

  /** Count, sum and exclusive or, for each kind. */
  static final class Cell implements Serializable {
    private static final long serialVersionUID = 1L;
    final long[] numbers = new long[Kind.values().length * 3];

    void add(Kind kind, long hash) {
      int at = kind.ordinal() * 3;
      numbers[at]++;
      numbers[at + 1] += hash;
      numbers[at + 2] ^= hash;
    }

    void add(Cell other) {
      for (int at = 0; at < numbers.length; at += 3) {
        numbers[at] += other.numbers[at];
        numbers[at + 1] += other.numbers[at + 1];
        numbers[at + 2] ^= other.numbers[at + 2];
      }
    }
  }

  /** A recorded latency of a sampled event: leads from a bucket to a trace. */
  record Exemplar(long valueMs, long atMs, String traceId, String spanId) implements Serializable {}

  /** Latencies of one pathway; index 0 is for values up to one millisecond, bucket i is at i + 1. */
  static final class Latency implements Serializable {
    private static final long serialVersionUID = 1L;
    long count;
    long sumMs;
    long minMs = Long.MAX_VALUE;
    long maxMs;
    long negative;
    final long[] counts = new long[buckets + 1];
    /** By octave; the first is for values up to one millisecond. */
    final Exemplar[] exemplars = new Exemplar[octaves + 1];

    void add(long valueMs) {
      if (valueMs < 0) {
        negative++;
        return;
      }
      count++;
      sumMs += valueMs;
      minMs = Math.min(minMs, valueMs);
      maxMs = Math.max(maxMs, valueMs);
      counts[valueMs <= 1 ? 0 : 1 + bucketOf(valueMs)]++;
    }

    /** Beside `add`, for a sampled event: the newest of each octave is kept. */
    void keep(Exemplar exemplar) {
      if (exemplar.valueMs < 0) return;
      int octave = exemplar.valueMs <= 1 ? 0 : 1 + bucketOf(exemplar.valueMs) / perOctave;
      if (exemplars[octave] == null || exemplars[octave].atMs <= exemplar.atMs) exemplars[octave] = exemplar;
    }

    void add(Latency other) {
      for (Exemplar each : other.exemplars) if (each != null) keep(each);
      count += other.count;
      sumMs += other.sumMs;
      minMs = Math.min(minMs, other.minMs);
      maxMs = Math.max(maxMs, other.maxMs);
      negative += other.negative;
      for (int i = 0; i < counts.length; i++) counts[i] += other.counts[i];
    }

    private static int bucketOf(long valueMs) {
      return Math.min(buckets - 1, (int) Math.ceil(Math.log(valueMs) / Math.log(2) * perOctave - 1e-9) - 1);
    }
  }

  static final class Pathway implements Serializable {
    private static final long serialVersionUID = 1L;
    long count;
    long newestOriginMs;
    long lastPassedMs;
    final Latency edge = new Latency();
    final Latency endToEnd = new Latency();

    void keep(PathwayHeader header, long nowMs, Trace trace) {
      edge.keep(new Exemplar(nowMs - header.previousMs(), nowMs, trace.traceId(), trace.spanId()));
      endToEnd.keep(new Exemplar(nowMs - header.originMs(), nowMs, trace.traceId(), trace.spanId()));
    }

    void add(Pathway other) {
      count += other.count;
      newestOriginMs = Math.max(newestOriginMs, other.newestOriginMs);
      lastPassedMs = Math.max(lastPassedMs, other.lastPassedMs);
      edge.add(other.edge);
      endToEnd.add(other.endToEnd);
    }
  }

  /** By the window's start, then by the pathway on which the events came. */
  final TreeMap<Long, Map<String, Cell>> windows = new TreeMap<>();
  /** By the pathway on which the events came. */
  final Map<String, Pathway> pathways = new HashMap<>();
  /** Next offset of each partition of the input topic. */
  final Map<Integer, Long> positions = new HashMap<>();
  long withoutOrigin;
  /** The cell of the last event: most events are of the same window as the one before. */
  private transient Cell last;
  private transient long lastWindow;
  private transient String lastPathway;

  boolean isEmpty() {
    return positions.isEmpty() && windows.isEmpty();
  }

  void read(int partition, long offset) {
    positions.merge(partition, offset + 1, Math::max);
  }

  void clear() {
    positions.clear();
    windows.clear();
    last = null;
    pathways.clear();
    withoutOrigin = 0;
  }

  void add(Kind kind, PathwayHeader header, String id) {
    if (header == null || id == null) {
      if (kind == Kind.in) withoutOrigin++;
      return;
    }
    long window = header.originMs() - header.originMs() % windowMs;
    if (last == null || window != lastWindow || !header.pathway().equals(lastPathway)) {
      lastWindow = window;
      lastPathway = header.pathway();
      last = windows.computeIfAbsent(window, none -> new HashMap<>()).computeIfAbsent(lastPathway, none -> new Cell());
    }
    last.add(kind, EventHash.of(id));
  }

  /** `trace`: of a sampled event; null for any other. */
  void passed(PathwayHeader header, long nowMs, Trace trace) {
    if (header == null) return;
    Pathway pathway = pathwayOf(header.pathway());
    if (trace != null) pathway.keep(header, nowMs, trace);
    pathway.count++;
    pathway.newestOriginMs = Math.max(pathway.newestOriginMs, header.originMs());
    pathway.lastPassedMs = nowMs;
    pathway.edge.add(nowMs - header.previousMs());
    pathway.endToEnd.add(nowMs - header.originMs());
  }

  private Pathway pathwayOf(String parent) {
    Pathway known = pathways.get(parent);
    if (known != null) return known;
    return pathways.computeIfAbsent(pathways.size() < maxPathways ? parent : overflow, none -> new Pathway());
  }

  void add(StageCounts other) {
    add(other, Long.MIN_VALUE);
  }

  /** Of its windows only those that began at `sinceMs` or later; all the rest. */
  void add(StageCounts other, long sinceMs) {
    other.windows.tailMap(sinceMs, true).forEach(
        (window, cells) ->
            cells.forEach(
                (pathway, cell) ->
                    windows.computeIfAbsent(window, none -> new HashMap<>()).computeIfAbsent(pathway, none -> new Cell()).add(cell)));
    other.pathways.forEach((name, pathway) -> pathwayOf(name).add(pathway));
    other.positions.forEach((partition, next) -> positions.merge(partition, next, Math::max));
    withoutOrigin += other.withoutOrigin;
  }

  /** Of the windows of `newer`, and of all the rest: as they are there. */
  void replace(StageCounts newer) {
    windows.putAll(newer.windows);
    positions.putAll(newer.positions);
    withoutOrigin = newer.withoutOrigin;
  }

  StageCounts copy() {
    StageCounts copy = new StageCounts();
    copy.add(this);
    return copy;
  }

  /** In all windows. */
  long total(Kind kind) {
    long total = 0;
    for (Map<String, Cell> cells : windows.values()) for (Cell cell : cells.values()) total += cell.numbers[kind.ordinal() * 3];
    return total;
  }

  /** Whether a number is not zero in `kind`. */
  static boolean has(Cell cell, Kind kind) {
    return Arrays.stream(cell.numbers, kind.ordinal() * 3, kind.ordinal() * 3 + 3).anyMatch(number -> number != 0);
  }
}
