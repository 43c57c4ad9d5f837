using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>Writes the JSON object that a plug-in reads from its standard input, on one line.</summary>
/// <remarks>
/// Arguments may hold secrets. They are in this object and nowhere else: not on the command line, not in the environment,
/// not in a file, for these can be read by others.
/// </remarks>
internal static class PlugInRequest
{
    /// <summary>Names and messages stay readable: nothing here goes into a web page.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static ReadOnlyMemory<byte> Write(IBuildContext context, PlugInArguments arguments, string tag)
    {
        var request = context.Request;
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("build_id", request.BuildId);
            json.WriteString("tag", tag);
            json.WriteString("series", arguments.Series);
            json.WriteString("arch_tag", arguments.Architecture);
            json.WritePropertyName("args");
            Write(json, request.Arguments);
            json.WriteStartObject("files");
            foreach (var name in request.Files.Keys)
                json.WriteString(name, Path.Combine(context.Directory, name)); // the link: programs look for a file beside its sibling
            json.WriteEndObject();
            json.WriteString("chroot", request.ChrootPath);
            json.WriteString("work_dir", Path.Combine(context.Directory, PlugInArguments.WorkFolder));
            json.WriteString("results_dir", Path.Combine(context.Directory, PlugInArguments.ResultsFolder));
            json.WriteEndObject();
        }

        output.Write("\n"u8); // so that a shell can read it as a line
        return output.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, XmlRpcValue value)
    {
        switch (value)
        {
            case XmlRpcString text:
                json.WriteStringValue(text.Value);
                break;
            case XmlRpcInteger integer:
                json.WriteRawValue(integer.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case XmlRpcBoolean boolean:
                json.WriteBooleanValue(boolean.Value);
                break;
            case XmlRpcDouble number when double.IsFinite(number.Value):
                json.WriteNumberValue(number.Value);
                break;
            case XmlRpcDouble number: // JSON has no number for these
                json.WriteStringValue(double.IsNaN(number.Value) ? "nan" : number.Value > 0 ? "inf" : "-inf");
                break;
            case XmlRpcDateTime time:
                json.WriteStringValue(time.Text);
                break;
            case XmlRpcBigDecimal number:
                json.WriteStringValue(number.Text);
                break;
            case XmlRpcBase64 data:
                json.WriteBase64StringValue(data.Value.Span);
                break;
            case XmlRpcNil:
                json.WriteNullValue();
                break;
            case XmlRpcArray array:
                json.WriteStartArray();
                foreach (var item in array)
                    Write(json, item);
                json.WriteEndArray();
                break;
            case XmlRpcStruct members:
                json.WriteStartObject();
                foreach (var (name, member) in members)
                {
                    json.WritePropertyName(name);
                    Write(json, member);
                }

                json.WriteEndObject();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value, null);
        }
    }
}
