using System.Text;
using Buildd.Linux.Text;

namespace Buildd.Farm;

/// <summary>Keeps the end of an output. Used by one thread at a time.</summary>
internal sealed class TailBuffer(int capacity)
{
    private byte[] _bytes = [];

    internal void Write(ReadOnlySpan<byte> bytes)
    {
        var kept = _bytes.AsSpan(Math.Max(0, Math.Min(_bytes.Length, _bytes.Length + bytes.Length - capacity)));
        _bytes = bytes.Length >= capacity ? bytes[^capacity..].ToArray() : [.. kept, .. bytes];
    }

    internal string Text() => Printable.Text(Encoding.UTF8.GetString(_bytes));

    internal string LastLine() => Text().Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";
}
