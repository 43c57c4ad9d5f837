using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Reads inputs with the Perl modules of dpkg, thousands in one process.</summary>
internal static class DpkgReader
{
    private static readonly Encoding Windows1252 = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="kind">What the inputs are: see the script.</param>
    /// <param name="inputs">The inputs; each character stands for a byte.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async Task<IReadOnlyList<Reading>> ReadAsync(
        string kind, IReadOnlyList<string> inputs, CancellationToken cancellationToken)
    {
        var text = string.Concat(inputs.Select(input => string.Create(CultureInfo.InvariantCulture, $"{input.Length}\n{input}")));
        var command = Command.Of("perl", "-e", Scripts.Text(typeof(DpkgReader), "Debian/read-control.pl"), kind) with
        {
            StandardInput = Encoding.Latin1.GetBytes(text),
        };
        var lines = (await ProcessRunner.CaptureAsync(command.WithEnvironment("LC_ALL", "C.UTF-8"), cancellationToken))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == inputs.Count
            ? [.. lines.Select(line => Reading(line[0] == '+', Convert.FromHexString(line.AsSpan(1))))]
            : throw new InvalidOperationException($"{lines.Length} answers to {inputs.Count} inputs: {lines.LastOrDefault()}");
    }

    private static Reading Reading(bool isRead, byte[] bytes) =>
        isRead ? new Reading(Decoded(bytes), "") : new Reading(null, Encoding.Latin1.GetString(bytes));

    /// <summary>dpkg hands on bytes: a line that is not UTF-8 is Windows-1252, as our reader has it.</summary>
    private static string Decoded(byte[] bytes) => string.Join('\n', Encoding.Latin1.GetString(bytes).Split('\n').Select(line =>
    {
        try
        {
            return StrictUtf8.GetString(Encoding.Latin1.GetBytes(line));
        }
        catch (DecoderFallbackException)
        {
            return Windows1252.GetString(Encoding.Latin1.GetBytes(line));
        }
    }));
}
