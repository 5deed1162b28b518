package millrace.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Field types of platform/model/schema.ts in Spark SQL. */
final class Types {
  private static final Map<String, DataType> bySchemaType =
      Map.of(
          "string", DataTypes.StringType,
          "int", DataTypes.IntegerType,
          "long", DataTypes.LongType,
          "double", DataTypes.DoubleType,
          "boolean", DataTypes.BooleanType,
          "timestamp", DataTypes.TimestampType);

  private Types() {}

  static DataType of(RunnerConfig.Field field) {
    DataType type = bySchemaType.get(field.type());
    if (type == null) throw new Fatal("field " + field.name() + " has the unknown type " + field.type());
    return type;
  }

  /** All nullable: a record that can't be decoded travels with empty fields to its dead-letter topic. */
  static List<StructField> columns(List<RunnerConfig.Field> fields) {
    List<StructField> columns = new ArrayList<>();
    for (RunnerConfig.Field field : fields) columns.add(DataTypes.createStructField(field.name(), of(field), true));
    return columns;
  }

  static StructType row(List<RunnerConfig.Field> fields) {
    return DataTypes.createStructType(columns(fields));
  }
}
