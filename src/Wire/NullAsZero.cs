using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>Numbers and truth values that may be null, as Go's decoder takes them: Docker's SDK for Python writes <c>"Interval": null</c> for what was not said.</summary>
internal static class NullAsZero
{
    public abstract class Of<T> : JsonConverter<T>
        where T : struct
    {
        public sealed override bool HandleNull => true;

        public sealed override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => reader.TokenType == JsonTokenType.Null ? default : ReadValue(ref reader);

        protected abstract T ReadValue(ref Utf8JsonReader reader);
    }

    public sealed class Int64 : Of<long>
    {
        public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

        protected override long ReadValue(ref Utf8JsonReader reader) => reader.GetInt64();
    }

    public sealed class UInt64 : Of<ulong>
    {
        public override void Write(Utf8JsonWriter writer, ulong value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

        protected override ulong ReadValue(ref Utf8JsonReader reader) => reader.GetUInt64();
    }

    public sealed class Int32 : Of<int>
    {
        public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

        protected override int ReadValue(ref Utf8JsonReader reader) => reader.GetInt32();
    }

    public sealed class UInt32 : Of<uint>
    {
        public override void Write(Utf8JsonWriter writer, uint value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

        protected override uint ReadValue(ref Utf8JsonReader reader) => reader.GetUInt32();
    }

    public sealed class Boolean : Of<bool>
    {
        public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) => writer.WriteBooleanValue(value);

        protected override bool ReadValue(ref Utf8JsonReader reader) => reader.GetBoolean();
    }
}
