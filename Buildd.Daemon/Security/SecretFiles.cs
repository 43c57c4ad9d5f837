using System.Runtime.InteropServices;
using Buildd.Daemon.Configuration;

namespace Buildd.Daemon.Security;

/// <summary>
/// What was read from the files of the section [security]: certificates and the token. It is read again on SIGHUP; what
/// can't be used then is logged, and what was read before stays. Properties may be read from any thread.
/// </summary>
internal sealed class SecretFiles : IHostedService, IDisposable
{
    private readonly SecurityOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SecretFiles> _logger;
    private volatile Content _content;
    private PosixSignalRegistration? _hangUp;

    /// <exception cref="ConfigurationException">Something is wrong with the files; the message lists every mistake.</exception>
    internal SecretFiles(SecurityOptions options, TimeProvider time, ILogger<SecretFiles> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        var mistakes = new List<string>();
        _content = Read(options, time, mistakes);
        if (mistakes.Count > 0)
            throw new ConfigurationException("what the section [security] names can't be used:\n  " + string.Join("\n  ", mistakes));
    }

    /// <summary>Null when there is no TLS.</summary>
    internal TlsCertificates? Tls => _content.Tls;

    /// <summary>Null when none is wanted.</summary>
    internal BearerToken? Token => _content.Token;

    /// <summary>Reads all of it; what is wrong is added to <paramref name="mistakes"/>.</summary>
    internal static Content Read(SecurityOptions options, TimeProvider time, ICollection<string> mistakes) => new(
        options.Tls is null ? null : TlsCertificates.Read(options.Tls, time.GetUtcNow(), mistakes),
        options.TokenFile is null ? null : BearerToken.Read(options.TokenFile, mistakes));

    /// <summary>Reads the files again. Connections that are there stay as they are.</summary>
    internal void Reload()
    {
        var mistakes = new List<string>();
        var content = Read(_options, _time, mistakes);
        if (mistakes.Count > 0)
        {
            _logger.LogSecretsKept(string.Join("; ", mistakes));
            return;
        }

        _content = content;
        _logger.LogSecretsReloaded();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.Tls is not null || _options.TokenFile is not null)
        {
            _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true; // what the signal does by itself is to end the process
                Reload();
            });
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _hangUp?.Dispose();

    /// <summary>What was read.</summary>
    internal sealed record Content(TlsCertificates? Tls, BearerToken? Token);
}
