using Buildd.Debian.Versions;

namespace Buildd.Debian.Relations;

/// <summary>How a version has to stand to the one that a relation names.</summary>
public enum VersionOperator
{
    /// <summary><c>&lt;&lt;</c></summary>
    Earlier,

    /// <summary><c>&lt;=</c>; also what the obsolete <c>&lt;</c> means.</summary>
    EarlierOrEqual,

    /// <summary><c>=</c></summary>
    Equal,

    /// <summary><c>&gt;=</c>; also what the obsolete <c>&gt;</c> means.</summary>
    LaterOrEqual,

    /// <summary><c>&gt;&gt;</c></summary>
    Later,
}

/// <summary>The part of a relation in round brackets.</summary>
/// <param name="Operator">How the version has to stand to <paramref name="Version"/>.</param>
/// <param name="Version">The version it is compared with.</param>
public sealed record VersionRestriction(VersionOperator Operator, DebianVersion Version)
{
    /// <summary>Whether a version is one of those that are meant.</summary>
    public bool IsSatisfiedBy(DebianVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        var order = version.CompareTo(Version);
        return Operator switch
        {
            VersionOperator.Earlier => order < 0,
            VersionOperator.EarlierOrEqual => order <= 0,
            VersionOperator.Equal => order == 0,
            VersionOperator.LaterOrEqual => order >= 0,
            VersionOperator.Later => order > 0,
            _ => throw new InvalidOperationException($"{Operator} is no operator"),
        };
    }

    /// <summary>As in a control file, without the brackets: <c>&gt;= 1.0</c>.</summary>
    public override string ToString() => $"{Spell(Operator)} {Version}";

    internal static VersionOperator? Read(ReadOnlySpan<char> text) => text switch
    {
        "<<" => VersionOperator.Earlier,
        "<=" or "<" => VersionOperator.EarlierOrEqual,
        "=" => VersionOperator.Equal,
        ">=" or ">" => VersionOperator.LaterOrEqual,
        ">>" => VersionOperator.Later,
        _ => null,
    };

    private static string Spell(VersionOperator value) => value switch
    {
        VersionOperator.Earlier => "<<",
        VersionOperator.EarlierOrEqual => "<=",
        VersionOperator.Equal => "=",
        VersionOperator.LaterOrEqual => ">=",
        VersionOperator.Later => ">>",
        _ => throw new InvalidOperationException($"{value} is no operator"),
    };
}
