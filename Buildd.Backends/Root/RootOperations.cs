using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Buildd.Linux.Files;
using Buildd.Linux.Text;
using Buildd.Protocol;

namespace Buildd.Backends.Root;

/// <summary>
/// How the operations are spelled on a command line, both ways. Every argument is checked here for what can be seen of it
/// without looking at the machine.
/// </summary>
internal static class RootOperations
{
    /// <summary>What may be given to an operation as content. A key ring or a list of archives is a thousandth of it.</summary>
    internal const int MaxInputBytes = 16 * 1024 * 1024;

    /// <summary>The longest path in a chroot, or of a folder that one may read, in bytes.</summary>
    internal const int MaxPathBytes = 1024;

    /// <summary>How many words a command in a chroot may have, its name included.</summary>
    internal const int MaxCommandWords = 1000;

    /// <summary>How long those words may be together, in bytes; the kernel takes no single word longer than this.</summary>
    internal const int MaxCommandBytes = 128 * 1024;

    /// <summary>A line for each, for people.</summary>
    internal const string Help =
        """
          check                              nothing, successfully: the others would be allowed
          try-overlay                        try whether overlays can be mounted in the work folder
          drop      SHA1                     remove a chroot that was unpacked for overlays
          unpack    ID SHA1                  unpack a chroot of the file cache into the build's folder
          overlay   ID SHA1                  the same as an overlay on a chroot that is unpacked once
          mount     ID                       mount /proc, /sys, /dev/pts and /dev/shm in the chroot
          write     ID PATH BYTES            write a file in the chroot; its content is on standard input
          inside    ID BYTES COMMAND [ARG]…  run a command in the chroot, as root; so many bytes of standard input are its
          take      ID PATH                  move a file out of the chroot into the build's folder
          bind      ID SOURCE PATH           let the chroot read a folder that the configuration allows, at a folder of its own
          define    ID                       tell schroot about the chroot
          undefine  ID                       make schroot forget it
          boot      ID online|offline        boot the chroot as a container, until it ends, with the network or a loopback only
          booted    ID                       wait until it has booted
          kill      ID                       kill what runs in the chroot, and the container
          unmount   ID                       unmount what is mounted in the build's folder, and detach loop devices from its files
          remove    ID                       remove the chroot
        """;

    /// <summary>Reads an operation.</summary>
    /// <exception cref="RootOperationException">It is none, or an argument is not good.</exception>
    internal static RootOperation Parse(ImmutableArray<string> words) => words switch
    {
        ["check"] => new RootOperation.Check(),
        ["try-overlay"] => new RootOperation.TryOverlay(),
        ["drop", var sha1] => new RootOperation.Drop(Sum(sha1)),
        ["unpack", var id, var sha1] => new RootOperation.Unpack(BuildId(id), Sum(sha1)),
        ["overlay", var id, var sha1] => new RootOperation.Overlay(BuildId(id), Sum(sha1)),
        ["mount", var id] => new RootOperation.Mount(BuildId(id)),
        ["write", var id, var path, var bytes] => new RootOperation.Write(BuildId(id), ChrootPath(path), Bytes(bytes)),
        ["inside", var id, var bytes, .. { Length: > 0 } command] => new RootOperation.Inside(BuildId(id), Bytes(bytes), Command(command)),
        ["take", var id, var path] => new RootOperation.Take(BuildId(id), ChrootPath(path)),
        ["bind", var id, var source, var path] => new RootOperation.Bind(BuildId(id), ChrootPath(source), ChrootPath(path)),
        ["define", var id] => new RootOperation.Define(BuildId(id)),
        ["undefine", var id] => new RootOperation.Undefine(BuildId(id)),
        ["boot", var id, ("online" or "offline") and var network] => new RootOperation.Boot(BuildId(id), network == "online"),
        ["booted", var id] => new RootOperation.Booted(BuildId(id)),
        ["kill", var id] => new RootOperation.Kill(BuildId(id)),
        ["unmount", var id] => new RootOperation.Unmount(BuildId(id)),
        ["remove", var id] => new RootOperation.Remove(BuildId(id)),
        [] => throw new RootOperationException("no operation is named; they are:\n" + Help),
        [var name, ..] =>
            throw new RootOperationException($"'{Shown(name)}' with {words.Length - 1} arguments is no operation; they are:\n" + Help),
    };

    /// <summary>Spells an operation.</summary>
    /// <exception cref="RootOperationException">An argument is not good.</exception>
    internal static ImmutableArray<string> Format(RootOperation operation)
    {
        ImmutableArray<string> words = operation switch
        {
            RootOperation.Check => ["check"],
            RootOperation.TryOverlay => ["try-overlay"],
            RootOperation.Drop { Sha1: var sha1 } => ["drop", $"{sha1}"],
            RootOperation.Unpack { BuildId: var id, Sha1: var sha1 } => ["unpack", id, $"{sha1}"],
            RootOperation.Overlay { BuildId: var id, Sha1: var sha1 } => ["overlay", id, $"{sha1}"],
            RootOperation.Mount { BuildId: var id } => ["mount", id],
            RootOperation.Write { BuildId: var id, Path: var path, Bytes: var bytes } => ["write", id, path, Text(bytes)],
            RootOperation.Inside { BuildId: var id, Bytes: var bytes, Command: var command } => ["inside", id, Text(bytes), .. command],
            RootOperation.Take { BuildId: var id, Path: var path } => ["take", id, path],
            RootOperation.Bind { BuildId: var id, Source: var source, Path: var path } => ["bind", id, source, path],
            RootOperation.Define { BuildId: var id } => ["define", id],
            RootOperation.Undefine { BuildId: var id } => ["undefine", id],
            RootOperation.Boot { BuildId: var id, HasNetwork: var network } => ["boot", id, network ? "online" : "offline"],
            RootOperation.Booted { BuildId: var id } => ["booted", id],
            RootOperation.Kill { BuildId: var id } => ["kill", id],
            RootOperation.Unmount { BuildId: var id } => ["unmount", id],
            RootOperation.Remove { BuildId: var id } => ["remove", id],
            _ => throw new InvalidOperationException($"{operation.GetType().Name} has no spelling"),
        };
        Parse(words);
        return words;
    }

    private static string BuildId(string id) => FileName.FindWireMistake(id) is { } mistake
        ? throw new RootOperationException($"the build id '{Shown(id)}' can't be used: {mistake}")
        : id;

    private static Sha1 Sum(string text) => Sha1.TryParse(text, out var sha1)
        ? sha1
        : throw new RootOperationException($"'{Shown(text)}' is not the {Sha1.Digits} hexadecimal digits of a SHA-1");

    private static string ChrootPath(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
            throw new RootOperationException($"the path in the chroot is longer than {MaxPathBytes} bytes");
        var isGood = path.Length > 1 && path[0] == '/' && !path.Any(char.IsControl)
            && path[1..].Split('/').All(part => part is not ("" or "." or ".."));
        return isGood ? path : throw new RootOperationException($"'{Shown(path)}' is not the full path of a file");
    }

    private static int Bytes(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes <= MaxInputBytes
            ? bytes
            : throw new RootOperationException($"'{Shown(text)}' is no number of bytes from 0 to {MaxInputBytes}");

    private static ImmutableArray<string> Command(ImmutableArray<string> words)
    {
        if (words.Length > MaxCommandWords || words.Sum(word => Encoding.UTF8.GetByteCount(word) + 1L) > MaxCommandBytes)
            throw new RootOperationException($"the command has more than {MaxCommandWords} words or {MaxCommandBytes} bytes");
        // chroot(1) has options of its own before the command, and a program's name never begins so.
        return words[0].Length == 0 || words[0][0] == '-'
            ? throw new RootOperationException($"'{Shown(words[0])}' is not the name of a program")
            : words;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What came from outside, fit for a message.</summary>
    private static string Shown(string text) => Printable.Line(text, FileName.MaxWireBytes);
}
