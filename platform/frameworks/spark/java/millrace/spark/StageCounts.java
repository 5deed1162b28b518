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
  private static final int buckets = 27 * perOctave;

  enum Kind { in, out, deadLettered, aggregated }

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

  /** Latencies of one pathway; index 0 is for values up to one millisecond, bucket i is at i + 1. */
  static final class Latency implements Serializable {
    private static final long serialVersionUID = 1L;
    long count;
    long sumMs;
    long minMs = Long.MAX_VALUE;
    long maxMs;
    long negative;
    final long[] counts = new long[buckets + 1];

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

    void add(Latency other) {
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

  boolean isEmpty() {
    return positions.isEmpty() && windows.isEmpty();
  }

  void read(int partition, long offset) {
    positions.merge(partition, offset + 1, Math::max);
  }

  void clear() {
    positions.clear();
    windows.clear();
    pathways.clear();
    withoutOrigin = 0;
  }

  void add(Kind kind, PathwayHeader header, String id) {
    if (header == null || id == null) {
      if (kind == Kind.in) withoutOrigin++;
      return;
    }
    long window = header.originMs() - header.originMs() % windowMs;
    windows.computeIfAbsent(window, none -> new HashMap<>()).computeIfAbsent(header.pathway(), none -> new Cell()).add(kind, EventHash.of(id));
  }

  void passed(PathwayHeader header, long nowMs) {
    if (header == null) return;
    Pathway pathway = pathways.computeIfAbsent(header.pathway(), none -> new Pathway());
    pathway.count++;
    pathway.newestOriginMs = Math.max(pathway.newestOriginMs, header.originMs());
    pathway.lastPassedMs = nowMs;
    pathway.edge.add(nowMs - header.previousMs());
    pathway.endToEnd.add(nowMs - header.originMs());
  }

  void add(StageCounts other) {
    other.windows.forEach(
        (window, cells) ->
            cells.forEach(
                (pathway, cell) ->
                    windows.computeIfAbsent(window, none -> new HashMap<>()).computeIfAbsent(pathway, none -> new Cell()).add(cell)));
    other.pathways.forEach((name, pathway) -> pathways.computeIfAbsent(name, none -> new Pathway()).add(pathway));
    other.positions.forEach((partition, next) -> positions.merge(partition, next, Math::max));
    withoutOrigin += other.withoutOrigin;
  }

  StageCounts copy() {
    StageCounts copy = new StageCounts();
    copy.add(this);
    return copy;
  }

  /** Whether all numbers are zero in `kind`. */
  static boolean has(Cell cell, Kind kind) {
    return Arrays.stream(cell.numbers, kind.ordinal() * 3, kind.ordinal() * 3 + 3).anyMatch(number -> number != 0);
  }
}
