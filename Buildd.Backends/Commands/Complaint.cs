using System.Text;

namespace Buildd.Backends.Commands;

/// <summary>The beginning of what a program says, for a sentence; the rest is dropped.</summary>
internal sealed class Complaint
{
    /// <summary>So much of it goes into a sentence.</summary>
    private const int MaxBytes = 2000;

    private readonly byte[] _said = new byte[MaxBytes];
    private int _length;

    internal void Write(ReadOnlySpan<byte> bytes)
    {
        var taken = bytes[..Math.Min(bytes.Length, MaxBytes - _length)];
        taken.CopyTo(_said.AsSpan(_length));
        _length += taken.Length;
    }

    /// <summary>In one line; empty when nothing was said.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_said, 0, _length).Trim().ReplaceLineEndings("; ");
}
