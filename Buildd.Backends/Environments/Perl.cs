namespace Buildd.Backends.Environments;

/// <summary>sbuild's configuration is Perl.</summary>
internal static class Perl
{
    /// <summary>A string without any interpolation.</summary>
    internal static string Quote(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
