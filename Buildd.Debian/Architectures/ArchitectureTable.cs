namespace Buildd.Debian.Architectures;

/// <summary>
/// Tells which architectures a wildcard such as <c>linux-any</c> means (Policy 11.1, deb-src-control(5)). Immutable.
/// </summary>
/// <remarks>
/// An architecture is a tuple of ABI, C library, kernel and processor: <c>armhf</c> is <c>eabihf-gnu-linux-arm</c>. dpkg
/// has the tuples in two tables, which are read where they are, so that this agrees with the dpkg of the machine; where it has
/// none, the tuples of Debian's own architectures are built in.
/// </remarks>
public sealed class ArchitectureTable
{
    /// <summary>Where dpkg keeps its tables.</summary>
    public const string DpkgDirectory = "/usr/share/dpkg";

    /// <summary>1 MiB: more is no table of dpkg's, which have 2 kB.</summary>
    public const int MaxTableBytes = 1024 * 1024;

    private const string Any = "any";
    private const int TupleParts = 4;

    /// <summary>The architectures of Debian and its ports whose tuple is not <c>base-gnu-linux-NAME</c>, and some that are.</summary>
    private static readonly (string Tuple, string Name)[] BuiltInTuples =
    [
        ("eabihf-gnu-linux-arm", "armhf"), ("eabi-gnu-linux-arm", "armel"), ("x32-gnu-linux-amd64", "x32"),
        ("abi64-gnu-linux-mips64el", "mips64el"), ("abi64-gnu-linux-mips64", "mips64"), ("spe-gnu-linux-powerpc", "powerpcspe"),
        ("base-gnu-linux-<cpu>", "<cpu>"), ("base-gnu-kfreebsd-<cpu>", "kfreebsd-<cpu>"), ("base-gnu-hurd-<cpu>", "hurd-<cpu>"),
        ("base-musl-linux-<cpu>", "musl-linux-<cpu>"),
    ];

    private static readonly string[] BuiltInProcessors =
    [
        "alpha", "amd64", "arc", "arm", "arm64", "hppa", "i386", "ia64", "loong64", "m68k", "mips", "mipsel", "mips64", "mips64el",
        "powerpc", "ppc64", "ppc64el", "riscv64", "s390", "s390x", "sh4", "sparc", "sparc64",
    ];

    private readonly Dictionary<string, string[]> _tuples = new(StringComparer.Ordinal);

    private ArchitectureTable(IEnumerable<(string Tuple, string Name)> tuples, IReadOnlyList<string> processors)
    {
        foreach (var (tuple, name) in tuples)
        {
            // The tables are read from the top: the first line that makes a name is the one that counts.
            foreach (var cpu in tuple.Contains("<cpu>", StringComparison.Ordinal) ? processors : [""])
            {
                var parts = tuple.Replace("<cpu>", cpu, StringComparison.Ordinal).Split('-');
                if (parts.Length == TupleParts)
                    _tuples.TryAdd(name.Replace("<cpu>", cpu, StringComparison.Ordinal), parts);
            }
        }
    }

    /// <summary>The tuples of Debian's own architectures, with no file read.</summary>
    public static ArchitectureTable BuiltIn { get; } = new(BuiltInTuples, BuiltInProcessors);

    /// <summary>The names of all architectures that are known.</summary>
    public IReadOnlyCollection<string> Architectures => _tuples.Keys;

    /// <summary>Reads dpkg's tables, or returns <see cref="BuiltIn"/> where there are none that can be used.</summary>
    /// <param name="directory">Where they are.</param>
    public static ArchitectureTable Load(string directory = DpkgDirectory)
    {
        try
        {
            var processors = ReadTable(Path.Combine(directory, "cputable")).Select(columns => columns[0]).ToList();
            var tuples = ReadTable(Path.Combine(directory, "tupletable")).Where(columns => columns.Length >= 2)
                .Select(columns => (columns[0], columns[1]));
            var table = new ArchitectureTable(tuples, processors);
            return table._tuples.Count > 0 ? table : BuiltIn;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return BuiltIn;
        }
    }

    /// <summary>Whether an architecture is the one that is named, or one of those that a wildcard means.</summary>
    /// <param name="architecture">The architecture, such as <c>amd64</c>.</param>
    /// <param name="wildcard">
    /// A name, or up to four parts of which the missing ones in front and those called <c>any</c> fit all: <c>any</c>,
    /// <c>linux-any</c>, <c>any-amd64</c>, <c>gnu-any-any</c>, <c>eabihf-gnu-linux-any</c>.
    /// </param>
    public bool Matches(string architecture, string wildcard)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(wildcard);
        if (wildcard == architecture || wildcard == Any)
            return true;
        if (TupleOf(architecture) is not { } tuple || PatternOf(wildcard) is not { } pattern)
            return false;
        for (var i = 0; i < TupleParts; i++)
        {
            if (pattern[i] != Any && pattern[i] != tuple[i])
                return false;
        }

        return true;
    }

    /// <summary>A name may say the kernel where it need not, as <c>linux-amd64</c>.</summary>
    private string[]? TupleOf(string architecture) =>
        _tuples.GetValueOrDefault(architecture)
        ?? (architecture.Split('-') is ["linux", var processor] ? _tuples.GetValueOrDefault(processor) : null);

    private string[]? PatternOf(string wildcard)
    {
        var parts = wildcard.Split('-');
        return !parts.Contains(Any) ? TupleOf(wildcard)
            : parts.Length > TupleParts ? null
            : [.. Enumerable.Repeat(Any, TupleParts - parts.Length), .. parts];
    }

    private static IEnumerable<string[]> ReadTable(string path)
    {
        if (new FileInfo(path).Length > MaxTableBytes)
            throw new IOException($"{path} is larger than {MaxTableBytes} bytes");
        return File.ReadLines(path)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length > 0);
    }
}
