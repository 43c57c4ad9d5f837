using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Reads files of keys with gpg: a process for each, of which several run at a time.</summary>
internal static class GpgReader
{
    /// <param name="inputs">The files; each character stands for a byte.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The fingerprints of the keys in the order of the file.</returns>
    internal static async Task<IReadOnlyList<Reading>> ReadAsync(IReadOnlyList<string> inputs, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryDirectory();
        string PathOf(int index) => folder[string.Create(CultureInfo.InvariantCulture, $"{index}")];
        foreach (var (index, input) in inputs.Index())
            await File.WriteAllBytesAsync(PathOf(index), Encoding.Latin1.GetBytes(input), cancellationToken);
        Directory.CreateDirectory(folder["home"]);
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", Scripts.Text(typeof(GpgReader), "Debian/show-keys.sh"), "sh", folder.Path), cancellationToken);
        var readings = new List<Reading>();
        foreach (var index in Enumerable.Range(0, inputs.Count))
        {
            var said = await File.ReadAllTextAsync(PathOf(index) + ".said", Encoding.Latin1, cancellationToken);
            var lines = said.Split('\n').Select(line => line.Split(':')).ToList();
            var keys = lines.Zip(lines.Skip(1)).Where(pair => pair.First[0] == "pub").Select(pair => pair.Second[9]).ToList();
            readings.Add(said.EndsWith("exit code 0\n", StringComparison.Ordinal) && keys.Count > 0
                ? new Reading(string.Join(' ', keys), "")
                : new Reading(null, said));
        }

        return readings;
    }
}
