package millrace.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;

/**
 * One life of a job's book: `BookTrial DIRECTORY TOPIC TOPIC_ID OLDEST END FROM TO`. Opens it, is told the topic as it is, with one
 * partition, counts the records of the offsets FROM until TO as one batch, and prints the job's page.
 */
public final class BookTrial {
  private BookTrial() {}

  public static void main(String[] arguments) throws Exception {
    String topic = arguments[1];
    long[] numbers = java.util.Arrays.stream(arguments, 3, 7).mapToLong(Long::parseLong).toArray();
    JobBook book = new JobBook("job", topic, BookFile.ofTopic(Path.of(arguments[0]), "job", topic), false);
    book.countsAll(true);
    book.reads(new Topic(arguments[2], Map.of(0, numbers[0]), Map.of(0, numbers[1]), numbers[0]));
    book.begin(1);
    StageCounts counts = new StageCounts();
    long nowMs = System.currentTimeMillis();
    for (long offset = numbers[2]; offset < numbers[3]; offset++) {
      counts.read(0, offset);
      counts.add(StageCounts.Kind.in, new PathwayHeader("0123456789abcdef", nowMs, nowMs), topic + offset);
    }
    book.ends(1, 0, counts);
    book.settle();
    StageCounts all = book.now(Long.MIN_VALUE);
    ObjectNode page = BooksJson.ledger(book, all);
    page.put("in", all.total(StageCounts.Kind.in)).put("position", book.positions().getOrDefault(0, 0L));
    System.out.println(new ObjectMapper().writeValueAsString(page));
  }
}
