package millrace.spark;

/** Least time for each event over several rounds, in µs; prints a line for each part. */
public final class MeterBench {
  private static final int events = 100_000;
  private static final int rounds = 30;
  private static final String[] ids = new String[events];
  private static final String[] headers = new String[events];
  private static final String[] columns = new String[events];
  private static final String[] traces = new String[events];
  private static long kept;

  private MeterBench() {}

  private interface Part {
    void pass(int event);
  }

  public static void main(String[] arguments) {
    long nowMs = 1_795_538_309_522L;
    for (int i = 0; i < events; i++) {
      ids[i] = String.format("reading-%012d-4bf92f3577b34da6a3c", i);
      headers[i] = "2;9c1b5a02e4f7d813;" + (nowMs - 400 + i % 300) + ";" + (nowMs - 390 + i % 300);
      columns[i] = PathwayHeader.column(headers[i], 0, i);
      traces[i] = String.format("00-%032x-00f067aa0ba902b7-0%d", i + 1, i % 100 == 0 ? 1 : 0);
    }
    System.out.println(events + " events a round, " + rounds + " rounds, µs for each event, the least; aim: 0.5 for a stage");
    print("header to numbers", i -> kept += PathwayHeader.parse(headers[i]).originMs());
    print("hash of an id", i -> kept += EventHash.of(ids[i]));
    CountsAccumulator read = new CountsAccumulator();
    Part decoded =
        i -> {
          read.read(0, i);
          read.count(StageCounts.Kind.in, PathwayHeader.parse(headers[i]), ids[i]);
          kept += PathwayHeader.column(headers[i], 0, i).length();
        };
    Part left = i -> read.count(StageCounts.Kind.filtered, PathwayHeader.ofColumn(columns[i]), ids[i]);
    Part passed =
        i -> {
          PathwayHeader header = PathwayHeader.ofColumn(columns[i]);
          read.passed(header, ids[i], nowMs, Trace.ofSampled(traces[i]));
          kept += header.onward("job:high", nowMs).length();
        };
    print("decoded: position, in, column", decoded);
    print("left out by a filter", left);
    print("passed: out, latencies, header onward", passed);
    print("JOB, an event that is left out", i -> { decoded.pass(i); left.pass(i); });
    print("JOB, an event that passes", i -> { decoded.pass(i); passed.pass(i); });
    if (kept == 0) throw new IllegalStateException();
  }

  private static void print(String name, Part part) {
    double least = Double.MAX_VALUE;
    for (int round = 0; round < rounds; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < events; i++) part.pass(i);
      least = Math.min(least, (System.nanoTime() - start) / 1e3 / events);
    }
    System.out.println(String.format("%7.3f  %s", least, name));
  }
}
