package millrace.spark;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The one file the runner is started with (mode 0600: it holds passwords). Written by driver-task.ts; the same names there. */
public record RunnerConfig(
    String task,
    String pipeline,
    int revision,
    Listen health,
    String master,
    String ledgerDir,
    Map<String, String> sparkProperties,
    KafkaLogin kafka,
    Sabotage sabotage,
    List<Job> jobs) {

  /** See telemetry/sabotage.ts; null as a rule. */
  public record Sabotage(String action, String stage, long event) {}

  public record Listen(String address, int port) {}

  public record KafkaLogin(List<String> brokers, String clusterId, String username, String password) {
    /** Client properties for the consumer, the producer and the admin client. */
    public Map<String, String> properties() {
      Map<String, String> all = new HashMap<>();
      all.put("bootstrap.servers", String.join(",", brokers));
      all.put("security.protocol", "SASL_PLAINTEXT");
      all.put("sasl.mechanism", "SCRAM-SHA-512");
      all.put(
          "sasl.jaas.config",
          "org.apache.kafka.common.security.scram.ScramLoginModule required username=\""
              + quoted(username) + "\" password=\"" + quoted(password) + "\";");
      return all;
    }

    private static String quoted(String text) {
      return text.replace("\\", "\\\\").replace("\"", "\\\"");
    }
  }

  /** A field of an event: `type` is one of string, int, long, double, boolean, timestamp. */
  public record Field(String name, String type, boolean nullable) {}

  public record Input(String topic, String view, String deadLetterTopic, int partitions, List<Field> fields) {}

  /** `key`: a field of the output, or `event_id`. */
  public record Output(String topic, String key, String eventType, List<Field> fields) {}

  /** `file`: one JSON object a line. */
  public record Reference(String view, String file, List<Field> fields) {}

  /** Directories of one query; see runner-config.ts. */
  public record Checkpoint(String query, boolean stateful, String directory, List<String> from, List<String> keep) {}

  /** `deadLetterCheckpoint`: null where the job writes no dead letters, or does so in passing. */
  public record Job(
      String name,
      String sql,
      String mode,
      long triggerMs,
      long watermarkMs,
      boolean deduplicate,
      boolean deadLetters,
      Checkpoint checkpoint,
      Checkpoint deadLetterCheckpoint,
      Input input,
      Output output,
      List<Reference> references) {

    /** Of each query of the job. */
    public List<Checkpoint> checkpoints() {
      return deadLetterCheckpoint == null ? List.of(checkpoint) : List.of(checkpoint, deadLetterCheckpoint);
    }

    /** Null: the sabotage is not of this job. */
    Sabotage sabotageOf(Sabotage asked) {
      return asked != null && (asked.stage().equals("job") || asked.stage().equals(name)) ? asked : null;
    }

    public boolean realtime() {
      return mode.equals("realtime");
    }
  }

  public static RunnerConfig read(Path file) {
    try {
      return new ObjectMapper()
          .configure(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES, true)
          .readValue(file.toFile(), RunnerConfig.class);
    } catch (JsonMappingException error) {
      // Only where it is wrong: the text of the file holds passwords.
      throw new Fatal("the file " + file + " is not as expected at " + error.getPathReference());
    } catch (IOException error) {
      throw new Fatal("the file " + file + " can not be read: " + error.getClass().getSimpleName());
    }
  }
}
