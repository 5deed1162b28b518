package millrace.spark;

import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Says of each event of a stage how often it is to go on: once, but for one of them. Counts in each executor anew, and only events
 * that entered since `fromMs`: of what a restart of the job repeats the next stages know better.
 */
record Saboteur(String stage, String action, long event, long fromMs) implements Serializable {
  private static final Map<String, AtomicLong> passed = new ConcurrentHashMap<>();

  /** `pathway`: of the event's column; null for what is no event. */
  int times(String pathway) {
    PathwayHeader header = PathwayHeader.ofColumn(pathway);
    if (header == null || header.originMs() < fromMs) return 1;
    long at = passed.computeIfAbsent(stage, none -> new AtomicLong()).incrementAndGet();
    if (at != event) return 1;
    return action.equals("drop") ? 0 : 2;
  }
}
