package millrace.spark;

import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Says of each event of a stage how often it is to go on: once, but for one of them. Counts in each executor anew. */
record Saboteur(String stage, String action, long event) implements Serializable {
  private static final Map<String, AtomicLong> passed = new ConcurrentHashMap<>();

  int times(Boolean isEvent) {
    if (!isEvent) return 1;
    long at = passed.computeIfAbsent(stage, none -> new AtomicLong()).incrementAndGet();
    if (at != event) return 1;
    return action.equals("drop") ? 0 : 2;
  }
}
