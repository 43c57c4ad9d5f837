using System.Globalization;
using System.Reflection;
using System.Text;

namespace Buildd.Farm.Store;

/// <summary>A numbered step from an empty store to today's.</summary>
/// <param name="Number">Its number: one more than that of the step before it, from 1.</param>
/// <param name="Name">The file, such as <c>0001-farm.sql</c>.</param>
/// <param name="Sql">What it does.</param>
internal sealed record Migration(int Number, string Name, string Sql)
{
    /// <summary>The steps of a dialect, in order: the files <c>Store/Migrations/DIALECT/NNNN-NAME.sql</c>.</summary>
    /// <param name="dialect">The folder's name: <c>sqlite</c>.</param>
    /// <exception cref="InvalidOperationException">A number is missing or twice: a mistake in this program.</exception>
    internal static IReadOnlyList<Migration> Read(string dialect)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var prefix = $"migrations/{dialect}/";
        var migrations = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select((name, index) => Read(assembly, name, name[prefix.Length..], index + 1))
            .ToList();
        return migrations.Count > 0 ? migrations : throw new InvalidOperationException(
            $"There are no migrations of the dialect {dialect}.");
    }

    private static Migration Read(Assembly assembly, string resource, string file, int expected)
    {
        if (int.Parse(file.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture) != expected || file[4] != '-')
            throw new InvalidOperationException($"The migration {file} should have the number {expected}.");
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return new Migration(expected, file, reader.ReadToEnd());
    }
}
