package millrace.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF5;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.collection.Iterator;
import scala.collection.Seq;

/**
 * One Kafka record → the fields of its schema, its envelope, and, where it does not fit, the reason and the detail (the words
 * of platform/connectors/contract.ts, `poisonReasons`). Exactly one of the two is there: `_reason` is null for a good record.
 * Judges as the sinks do, in the same order (platform/connectors/event.ts): what is counted here is stored there.
 */
public final class Decoder implements UDF5<byte[], byte[], Seq<Row>, Integer, Long, Row> {
  private static final long serialVersionUID = 1L;
  private static final ObjectMapper json =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /** Columns of the envelope, in the order in which they follow the fields. */
  static final List<String> envelope = List.of("_event_id", "_event_time", "_traceparent", "_pathway", "_reason", "_detail");

  /** As `defaultMaxValueBytes` in platform/connectors/event.ts. */
  private static final int maxValueBytes = 262_144;
  private static final int maxDetailLength = 500;

  private final RunnerConfigField[] fields;
  /** Null where another query of the job counts. */
  private final CountsAccumulator counts;

  /** A serialisable copy of what the executors need of a field. */
  private record RunnerConfigField(String name, String type, boolean nullable) implements java.io.Serializable {}

  Decoder(List<RunnerConfig.Field> fields, CountsAccumulator counts) {
    this.counts = counts;
    this.fields =
        fields.stream()
            .map(field -> new RunnerConfigField(field.name(), field.type(), field.nullable()))
            .toArray(RunnerConfigField[]::new);
  }

  /** The type of what `call` gives. */
  static StructType type(List<RunnerConfig.Field> fields) {
    List<StructField> columns = Types.columns(fields);
    for (String column : envelope) {
      boolean time = column.equals("_event_time");
      columns.add(DataTypes.createStructField(column, time ? DataTypes.TimestampType : DataTypes.StringType, true));
    }
    return DataTypes.createStructType(columns);
  }

  @Override
  public Row call(byte[] key, byte[] value, Seq<Row> headers, Integer partition, Long offset) {
    Object[] row = new Object[fields.length + envelope.size()];
    if (counts != null) counts.read(partition, offset);
    try {
      readEnvelope(headers, row);
      checkSizes(key, value);
      checkEnvelope(row);
      decodeFields(value, row);
    } catch (Misfit misfit) {
      count(row, partition, offset, true);
      Object[] dead = new Object[row.length];
      dead[fields.length + 4] = misfit.reason;
      String detail = misfit.getMessage();
      dead[fields.length + 5] = detail.substring(0, Math.min(detail.length(), maxDetailLength));
      return RowFactory.create(dead);
    }
    count(row, partition, offset, false);
    String pathway = (String) row[fields.length + 3];
    row[fields.length + 3] = PathwayHeader.column(pathway, partition, offset);
    return RowFactory.create(row);
  }

  private void count(Object[] row, int partition, long offset, boolean dead) {
    if (counts == null || counts.isCounted(partition, offset)) return;
    String id = (String) row[fields.length];
    PathwayHeader header = PathwayHeader.parse((String) row[fields.length + 3]);
    counts.count(StageCounts.Kind.in, header, id);
    if (dead) counts.count(StageCounts.Kind.deadLettered, header, id);
  }

  private static void checkSizes(byte[] key, byte[] value) throws Misfit {
    if (value == null) throw new Misfit("null-value", "value: expected a JSON object, got null");
    if (value.length == 0) throw new Misfit("empty-value", "value: expected a JSON object, got nothing");
    if (value.length > maxValueBytes) throw new Misfit("too-large", value.length + " bytes, at most " + maxValueBytes + " are taken");
    if (key == null || key.length == 0) throw new Misfit("missing-key", "the record has no key");
  }

  /** Texts as they came: the time is in its place, unchecked, until `checkEnvelope`. */
  private void readEnvelope(Seq<Row> headers, Object[] row) {
    Iterator<Row> each = headers == null ? null : headers.iterator();
    while (each != null && each.hasNext()) {
      Row header = each.next();
      byte[] content = header.isNullAt(1) ? null : (byte[]) header.get(1);
      if (content == null) continue;
      switch (header.getString(0)) {
        case "ce_id" -> row[fields.length] = text(content);
        case "ce_time" -> row[fields.length + 1] = text(content);
        case "traceparent" -> row[fields.length + 2] = text(content);
        case "millrace-pathway" -> row[fields.length + 3] = text(content);
        default -> {}
      }
    }
  }

  private void checkEnvelope(Object[] row) throws Misfit {
    String id = (String) row[fields.length];
    if (id == null || id.isEmpty()) throw new Misfit("missing-id", "header ce_id: expected text, got nothing");
    row[fields.length + 1] = IsoTime.parse((String) row[fields.length + 1], "header ce_time");
  }

  private void decodeFields(byte[] value, Object[] row) throws Misfit {
    JsonNode object = parse(value);
    if (object.isMissingNode()) throw new Misfit("bad-json", "value: not JSON, blank");
    if (!object.isObject()) throw new Misfit("not-an-object", "value: expected an object, got " + kind(object));
    for (int at = 0; at < fields.length; at++) row[at] = decodeField(fields[at], object.get(fields[at].name()));
  }

  private static JsonNode parse(byte[] value) throws Misfit {
    try {
      return json.readTree(value);
    } catch (JsonProcessingException error) {
      var where = error.getLocation();
      String at = where == null ? "" : " at byte " + Math.max(0, where.getByteOffset());
      throw new Misfit("bad-json", "value: not JSON" + at);
    } catch (IOException error) {
      throw new Misfit("bad-json", "value: not UTF-8");
    }
  }

  private static Object decodeField(RunnerConfigField field, JsonNode node) throws Misfit {
    if (node == null || node.isNull()) {
      if (field.nullable()) return null;
      throw new Misfit("missing-field", field.name() + ": expected " + field.type() + ", got " + (node == null ? "nothing" : "null"));
    }
    boolean whole = node.isIntegralNumber() || (node.isDouble() && node.doubleValue() == Math.rint(node.doubleValue()));
    return switch (field.type()) {
      case "string" -> node.isTextual() ? node.textValue() : wrong(field, node);
      case "int" -> whole && node.canConvertToInt() ? (Object) node.intValue() : wrong(field, node);
      case "long" -> whole && node.canConvertToLong() ? (Object) node.longValue() : digits(field, node);
      case "double" -> node.isNumber() && Double.isFinite(node.doubleValue()) ? (Object) node.doubleValue() : wrong(field, node);
      case "boolean" -> node.isBoolean() ? (Object) node.booleanValue() : wrong(field, node);
      case "timestamp" -> node.isTextual() ? IsoTime.parse(node.textValue(), field.name()) : wrong(field, node);
      default -> throw new IllegalStateException(field.type());
    };
  }

  /** A long that JSON's numbers can't carry everywhere comes as a string of digits. */
  private static Object digits(RunnerConfigField field, JsonNode node) throws Misfit {
    try {
      if (node.isTextual() && node.textValue().matches("-?\\d{1,19}")) return Long.parseLong(node.textValue());
    } catch (NumberFormatException error) {
      // Beyond 64 bits.
    }
    return wrong(field, node);
  }

  private static Object wrong(RunnerConfigField field, JsonNode node) throws Misfit {
    throw new Misfit("wrong-type", field.name() + ": expected " + field.type() + ", got " + kind(node));
  }

  private static String kind(JsonNode node) {
    return node.isNumber() ? node.asText() : node.getNodeType().toString().toLowerCase(java.util.Locale.ROOT);
  }

  private static String text(byte[] content) {
    return new String(content, StandardCharsets.UTF_8);
  }
}
