using System.Text;
using Buildd.Backends.Phases;
using Buildd.Processes;
using Buildd.Protocol.Messages;

namespace Buildd.Backends.Environments;

/// <summary>Tells the apt in a build's system where to install from, and brings the system up to date.</summary>
internal sealed class AptSetup(BuildEnvironment system, TimeProvider time)
{
    /// <summary>How long to wait before the package lists are asked for once more; the reference's figure.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(15);

    /// <summary>Phase sources.</summary>
    internal async Task WriteSourcesAsync(IReadOnlyList<string> archives, CancellationToken cancellationToken)
    {
        if (archives.Count == 0)
            throw new PhaseFailedException(BuildStatus.ChrootFail, "the master sent an empty list of archives: there is nothing to install from");
        await WriteTextAsync("/etc/apt/sources.list", string.Concat(archives.Select(line => line + "\n")), cancellationToken).ConfigureAwait(false);
        await WriteTextAsync("/etc/apt/apt.conf.d/99retries", "Acquire::Retries \"3\";\n", cancellationToken).ConfigureAwait(false);
        await WriteTextAsync("/etc/apt/apt.conf.d/99phasing", "APT::Get::Always-Include-Phased-Updates \"true\";\n", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Phase keys: apt takes armoured keys in files ending .asc and bare ones in .gpg.</summary>
    internal async Task WriteKeysAsync(IReadOnlyList<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            var ending = keys[i].Span.StartsWith("-----BEGIN"u8) ? "asc" : "gpg";
            await system.WriteFileAsync($"/etc/apt/trusted.gpg.d/buildd-{i + 1}.{ending}", keys[i], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Phase update.</summary>
    /// <remarks>
    /// Differs: lists that can't be fetched fail the phase. apt on its own calls that a success, and the build then ends
    /// with a dependency that only seems to be missing.
    /// </remarks>
    internal async Task UpdateAsync(CancellationToken cancellationToken)
    {
        var update = Command.Of("apt-get", "-uy", "-o", "APT::Update::Error-Mode=any", "update");
        if (await system.RunInsideAsync(update, cancellationToken).ConfigureAwait(false) != 0)
        {
            await Task.Delay(RetryDelay, time, cancellationToken).ConfigureAwait(false);
            await system.RunInsideOrFailAsync(update, cancellationToken).ConfigureAwait(false);
        }

        await system.RunInsideOrFailAsync(
            Command.Of("apt-get", "-o", "DPkg::Options::=--force-confold", "-uy", "--purge", "dist-upgrade"), cancellationToken).ConfigureAwait(false);
    }

    private Task WriteTextAsync(string path, string text, CancellationToken cancellationToken) =>
        system.WriteFileAsync(path, Encoding.UTF8.GetBytes(text), cancellationToken);
}
