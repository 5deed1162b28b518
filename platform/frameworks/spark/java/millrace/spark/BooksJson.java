package millrace.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Counts of a job as JSON: what the health port answers, and what StageBooks keeps on disk. */
final class BooksJson {
  private static final ObjectMapper json = new ObjectMapper();

  private BooksJson() {}

  static ObjectNode checkpoint(String job, long startMs, StageCounts counts) {
    String name = "job:" + job;
    ObjectNode checkpoint = json.createObjectNode().put("checkpoint", name).put("startMs", startMs);
    ArrayNode pathways = checkpoint.putArray("pathways");
    counts.pathways.forEach(
        (parent, pathway) -> {
          ObjectNode one = pathways.addObject();
          boolean overflow = parent.equals(StageCounts.overflow);
          one.put("pathway", overflow ? parent : PathwayHeader.next(parent, name)).put("parent", parent).put("count", pathway.count);
          one.put("negativeEdge", pathway.edge.negative).put("negativeEndToEnd", pathway.endToEnd.negative);
          one.put("newestOriginMs", pathway.newestOriginMs).put("lastPassedMs", pathway.lastPassedMs);
          one.set("edge", histogram(pathway.edge));
          one.set("endToEnd", histogram(pathway.endToEnd));
        });
    checkpoint.put("withoutHeader", counts.withoutOrigin).put("overflowed", counts.pathways.containsKey(StageCounts.overflow));
    return checkpoint;
  }

  private static ObjectNode histogram(StageCounts.Latency latency) {
    int first = 1;
    int end = latency.counts.length;
    while (first < end && latency.counts[first] == 0) first++;
    while (end > first && latency.counts[end - 1] == 0) end--;
    ObjectNode histogram = json.createObjectNode();
    histogram.put("count", latency.count).put("sumMs", latency.sumMs);
    histogram.put("minMs", latency.count == 0 ? 0 : latency.minMs).put("maxMs", latency.maxMs);
    histogram.put("zeroCount", latency.counts[0]).put("offset", first == end ? 0 : first - 1);
    ArrayNode buckets = histogram.putArray("buckets");
    for (int i = first; i < end; i++) buckets.add(latency.counts[i]);
    ArrayNode exemplars = histogram.putArray("exemplars");
    for (StageCounts.Exemplar each : latency.exemplars) {
      if (each == null) continue;
      exemplars.addObject().put("valueMs", each.valueMs()).put("atMs", each.atMs())
          .put("traceId", each.traceId()).put("spanId", each.spanId());
    }
    return histogram;
  }

  static ObjectNode ledger(JobBook book, StageCounts counts) {
    ObjectNode ledger = json.createObjectNode().put("stage", book.job);
    if (book.completeFromMs() >= 0) ledger.put("completeFromMs", book.completeFromMs());
    ledger.set("cells", cells(counts.windows));
    ledger.put("withoutOrigin", counts.withoutOrigin).put("forgottenWindows", book.forgottenWindows());
    putUnknown(book.unknown(), ledger);
    if (book.fault() != null) ledger.put("fault", book.fault());
    return ledger;
  }

  private static void putUnknown(BookFile.Unknown unknown, ObjectNode node) {
    if (unknown != null) node.putObject("unknownBefore").put("ms", unknown.beforeMs()).put("why", unknown.why());
  }

  /** As it was put into a line or the file of BookFile; null: nothing was unknown. */
  static BookFile.Unknown unknown(JsonNode file) {
    JsonNode node = file.get("unknownBefore");
    return node == null ? null : new BookFile.Unknown(node.get("ms").asLong(), node.get("why").asText());
  }

  /** As it was put into a line or the file of BookFile; null: it was not known. */
  static String topicId(JsonNode file) {
    return file.path("topicId").asText(null);
  }

  private static ArrayNode cells(Map<Long, Map<String, StageCounts.Cell>> windows) {
    ArrayNode cells = json.createArrayNode();
    windows.forEach(
        (window, byPathway) ->
            byPathway.forEach(
                (pathway, cell) -> {
                  ObjectNode one = cells.addObject().put("originMs", window).put("pathway", pathway).put("since", 0);
                  ObjectNode tallies = one.putObject("tallies");
                  for (StageCounts.Kind kind : StageCounts.Kind.values()) {
                    if (!StageCounts.has(cell, kind)) continue;
                    int at = kind.ordinal() * 3;
                    tallies.putObject(kind.name()).put("count", cell.numbers[at])
                        .put("sum", String.format("%016x", cell.numbers[at + 1]))
                        .put("xor", String.format("%016x", cell.numbers[at + 2]));
                  }
                }));
    return cells;
  }

  /** A line or the file of BookFile. `windows`: those that are in it. Pathways' latencies are of this process, and not kept. */
  static ObjectNode settled(BookFile.Content content, long settlement, Set<Long> windows) {
    StageCounts counts = content.counts();
    ObjectNode file = json.createObjectNode().put("format", "millrace/spark-ledger/2").put("settlement", settlement);
    file.put("topic", content.topic()).put("forgottenWindows", content.forgottenWindows()).put("completeFromMs", content.completeFromMs());
    if (content.topicId() != null) file.put("topicId", content.topicId());
    putUnknown(content.unknown(), file);
    ObjectNode kept = file.putObject("counts").put("withoutOrigin", counts.withoutOrigin);
    ObjectNode positions = kept.putObject("positions");
    counts.positions.forEach((partition, next) -> positions.put(partition.toString(), next));
    Map<Long, Map<String, StageCounts.Cell>> some = new TreeMap<>(counts.windows);
    some.keySet().retainAll(windows);
    kept.set("cells", cells(some));
    return file;
  }

  static StageCounts counts(JsonNode kept) {
    StageCounts counts = new StageCounts();
    counts.withoutOrigin = kept.get("withoutOrigin").asLong();
    kept.get("positions").properties().forEach(each -> counts.positions.put(Integer.valueOf(each.getKey()), each.getValue().asLong()));
    for (JsonNode one : kept.get("cells")) {
      Map<String, StageCounts.Cell> byPathway = counts.windows.computeIfAbsent(one.get("originMs").asLong(), none -> new HashMap<>());
      StageCounts.Cell cell = byPathway.computeIfAbsent(one.get("pathway").asText(), none -> new StageCounts.Cell());
      for (StageCounts.Kind kind : StageCounts.Kind.values()) {
        JsonNode tally = one.get("tallies").get(kind.name());
        if (tally == null) continue;
        int at = kind.ordinal() * 3;
        cell.numbers[at] = tally.get("count").asLong();
        cell.numbers[at + 1] = Long.parseUnsignedLong(tally.get("sum").asText(), 16);
        cell.numbers[at + 2] = Long.parseUnsignedLong(tally.get("xor").asText(), 16);
      }
    }
    return counts;
  }
}
