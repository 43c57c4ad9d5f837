using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Buildd.Protocol.XmlRpc;

/// <summary>
/// Writes one value, laid out as Python does it:
/// <list type="bullet">
/// <item>scalar: <c>&lt;value&gt;&lt;TYPE&gt;TEXT&lt;/TYPE&gt;&lt;/value&gt;</c> LF</item>
/// <item>nil: <c>&lt;value&gt;&lt;nil/&gt;&lt;/value&gt;</c> and no LF</item>
/// <item>base64: LF after the opening tag, then lines of 76 characters, each with LF</item>
/// <item>array: <c>&lt;value&gt;&lt;array&gt;&lt;data&gt;</c> LF, values,
/// <c>&lt;/data&gt;&lt;/array&gt;&lt;/value&gt;</c> LF</item>
/// <item>struct: <c>&lt;value&gt;&lt;struct&gt;</c> LF, per member <c>&lt;member&gt;</c> LF
/// <c>&lt;name&gt;NAME&lt;/name&gt;</c> LF, value, <c>&lt;/member&gt;</c> LF, then
/// <c>&lt;/struct&gt;&lt;/value&gt;</c> LF</item>
/// </list>
/// </summary>
internal static class ValueWriter
{
    /// <summary>Bytes that make one line of 76 characters.</summary>
    private const int Base64LineBytes = 57;

    private static readonly SearchValues<char> Escaped = SearchValues.Create("&<>");

    /// <summary>Writes a value that has passed <see cref="WritableCheck"/>.</summary>
    public static void Write(IBufferWriter<byte> output, XmlRpcValue value)
    {
        switch (value)
        {
            case XmlRpcString text:
                output.Write("<value><string>"u8);
                WriteText(output, text.Value);
                output.Write("</string></value>\n"u8);
                break;
            case XmlRpcInteger integer:
                output.Write("<value><int>"u8);
                WriteText(output, ((int)integer.Value).ToString(CultureInfo.InvariantCulture));
                output.Write("</int></value>\n"u8);
                break;
            case XmlRpcBoolean boolean:
                output.Write(boolean.Value
                    ? "<value><boolean>1</boolean></value>\n"u8
                    : "<value><boolean>0</boolean></value>\n"u8);
                break;
            case XmlRpcDouble number:
                output.Write("<value><double>"u8);
                WriteText(output, PythonNumber.Format(number.Value));
                output.Write("</double></value>\n"u8);
                break;
            case XmlRpcDateTime time:
                // Differs: the reference doesn't escape here, so that markup in the text breaks its own answer.
                output.Write("<value><dateTime.iso8601>"u8);
                WriteText(output, time.Text);
                output.Write("</dateTime.iso8601></value>\n"u8);
                break;
            case XmlRpcBase64 data:
                output.Write("<value><base64>\n"u8);
                WriteBase64(output, data.Value.Span);
                output.Write("</base64></value>\n"u8);
                break;
            case XmlRpcNil:
                output.Write("<value><nil/></value>"u8);
                break;
            case XmlRpcArray array:
                WriteArray(output, array);
                break;
            case XmlRpcStruct members:
                WriteStruct(output, members);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value, null);
        }
    }

    /// <summary>Writes text, escaped.</summary>
    public static void WriteText(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        while (true)
        {
            var plain = text.IndexOfAny(Escaped);
            if (plain < 0)
            {
                Encoding.UTF8.GetBytes(text, output);
                return;
            }

            Encoding.UTF8.GetBytes(text[..plain], output);
            output.Write(text[plain] switch { '&' => "&amp;"u8, '<' => "&lt;"u8, _ => "&gt;"u8 });
            text = text[(plain + 1)..];
        }
    }

    private static void WriteBase64(IBufferWriter<byte> output, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var line = data[..Math.Min(Base64LineBytes, data.Length)];
            var span = output.GetSpan(Base64.GetMaxEncodedToUtf8Length(line.Length) + 1);
            Base64.EncodeToUtf8(line, span, out _, out var written);
            span[written] = (byte)'\n';
            output.Advance(written + 1);
            data = data[line.Length..];
        }
    }

    private static void WriteArray(IBufferWriter<byte> output, XmlRpcArray array)
    {
        output.Write("<value><array><data>\n"u8);
        foreach (var item in array)
            Write(output, item);
        output.Write("</data></array></value>\n"u8);
    }

    private static void WriteStruct(IBufferWriter<byte> output, XmlRpcStruct members)
    {
        output.Write("<value><struct>\n"u8);
        foreach (var (name, value) in members)
        {
            output.Write("<member>\n<name>"u8);
            WriteText(output, name);
            output.Write("</name>\n"u8);
            Write(output, value);
            output.Write("</member>\n"u8);
        }

        output.Write("</struct></value>\n"u8);
    }
}
