using System.Text;
using Buildd.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Buildd.Cli.Application;

/// <summary>The standard output of commands.</summary>
internal static class StandardOutput
{
    private const int Descriptor = 1;

    /// <summary>The size of a piece that is written: a log of a gigabyte must not take a million calls.</summary>
    private const int BufferCharacters = 32 * 1024;

    /// <summary>
    /// Has writing to a pipe fail that nobody reads any more. The framework's console takes all of it for written: a command behind
    /// <c>| head</c> would go on to its end, and <c>run</c> for ever.
    /// </summary>
    internal static void NoticeLostReaders()
    {
        var output = new SafeFileHandle(Descriptor, ownsHandle: false);
        if (!Console.IsOutputRedirected || UnixFile.Look(output).Kind != FileKind.Special)
            return; // files keep the framework's way, which goes on where another writer of the same file is
        var stream = new FileStream(output, FileAccess.Write, bufferSize: 0);
        Console.SetOut(
            new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), BufferCharacters) { AutoFlush = true });
    }
}
