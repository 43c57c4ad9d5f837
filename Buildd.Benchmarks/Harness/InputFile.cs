using System.Security.Cryptography;

namespace Buildd.Benchmarks.Harness;

/// <summary>A file to move about: large enough that starting and ending do not show.</summary>
/// <param name="Path">Where it lies; its name is its SHA-1, as in a slave's cache.</param>
/// <param name="Sha1">Its sum.</param>
internal sealed record InputFile(string Path, string Sha1)
{
    internal const int MiB = 1024;

    internal const long Bytes = MiB * 1024L * 1024;

    /// <summary>Writes one. Its content can't be compressed within a buffer, and is the same in every run.</summary>
    internal static InputFile Create(string folder)
    {
        var block = new byte[1024 * 1024];
        new Random(1).NextBytes(block);
        var temporary = System.IO.Path.Combine(folder, "input.tmp");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using (var file = File.Create(temporary))
        {
            for (var i = 0; i < MiB; i++)
            {
                hash.AppendData(block);
                file.Write(block);
            }
        }

        var sha1 = Convert.ToHexStringLower(hash.GetHashAndReset());
        var path = System.IO.Path.Combine(folder, sha1);
        File.Move(temporary, path);
        return new InputFile(path, sha1);
    }
}
