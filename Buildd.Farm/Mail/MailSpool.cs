using System.Text.Json;
using Buildd.Linux.Files;
using Buildd.Master.Mail;

namespace Buildd.Farm.Mail;

/// <summary>
/// Keeps mail on the disk until somebody else has it: a server that is away for a while, or that asks to come again, loses none, and
/// neither does a farm that is stopped. Any thread may call, and other processes may work on the same folder.
/// </summary>
/// <param name="folder">Where it is kept, a file each.</param>
/// <param name="transport">How it leaves.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it goes what became of mail that was tried again.</param>
internal sealed class MailSpool(string folder, IMailTransport transport, TimeProvider time, ILogger<MailSpool> logger) : IMailTransport
{
    /// <summary>The wait before the second try; it doubles each time.</summary>
    internal static readonly TimeSpan FirstWait = TimeSpan.FromMinutes(5);

    /// <summary>The longest wait between two tries.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromHours(6);

    /// <summary>The time for which a mail is tried; mail servers take three to five days.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromDays(3);

    /// <summary>The longest first try, for which the sender waits.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The interval between two looks at the folder.</summary>
    internal static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _lock = new();
    private DateTimeOffset _awayUntil = DateTimeOffset.MinValue;

    /// <summary>The wait after so many tries.</summary>
    internal static TimeSpan WaitAfter(int tries) =>
        TimeSpan.FromTicks(Math.Min(FirstWait.Ticks << Math.Min(tries - 1, 20), LongestWait.Ticks));

    /// <inheritdoc/>
    /// <remarks>
    /// The mail is on the disk before it is tried. While the server is known to be away, it is not tried at once: a build that has to be
    /// told to ten people waits for one of them.
    /// </remarks>
    public async Task SendAsync(OutgoingMail mail, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mail);
        var now = time.GetUtcNow();
        var kept = SpooledMail.Of(mail, now, FirstWait);
        var path = TryKeep(kept);
        bool isAway;
        lock (_lock)
            isAway = now < _awayUntil;
        if (isAway && path is not null)
            throw new MailException($"the mail to {mail.To} waits, as another does that was not taken") { NextTry = kept.Due };
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            await TryAsync(mail, either.Token, cancellationToken);
        }
        catch (MailException e) when (e.MayPass && path is not null)
        {
            lock (_lock)
                _awayUntil = now + FirstWait;
            throw new MailException(e.Message, kept.Due, e);
        }
        catch (MailException)
        {
            Forget(path);
            throw;
        }

        Forget(path);
    }

    /// <summary>Tries what is due once more. Nothing is done while another process does.</summary>
    /// <exception cref="IOException">The folder can't be read or written.</exception>
    internal async Task SendDueAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder) || Directory.GetFiles(folder, "*.json") is not { Length: > 0 } files)
            return;
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (Durable.IsHeldByAnother(e))
        {
            return;
        }

        await using var closing = held;
        foreach (var path in files.Order(StringComparer.Ordinal))
            await SendAsync(path, cancellationToken);
    }

    /// <summary>Tries what is due until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await SendDueAsync(cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                logger.LogMailFolder(e, folder);
            }

            await Task.Delay(LookInterval, time, cancellationToken);
        }
    }

    private async Task SendAsync(string path, CancellationToken cancellationToken)
    {
        if (Read(path) is not var (kept, mail) || kept.Due > time.GetUtcNow())
            return;
        try
        {
            await TryAsync(mail, cancellationToken, cancellationToken);
            lock (_lock)
                _awayUntil = DateTimeOffset.MinValue;
            logger.LogMailSentLater(mail.To.Address, mail.Subject, kept.Tries + 1);
            Forget(path);
        }
        catch (MailException e) when (e.MayPass && time.GetUtcNow() - kept.Since < Lifetime)
        {
            var later = kept with { Tries = kept.Tries + 1, Due = time.GetUtcNow() + WaitAfter(kept.Tries + 1) };
            Durable.ReplaceFile(path, later.Write());
            logger.LogMailKeptAgain(e, mail.To.Address, mail.Subject, later.Due);
        }
        catch (MailException e)
        {
            logger.LogMailGivenUp(e, mail.To.Address, mail.Subject, kept.Tries + 1);
            Forget(path);
        }
    }

    private async Task TryAsync(OutgoingMail mail, CancellationToken patience, CancellationToken cancellationToken)
    {
        try
        {
            await transport.SendAsync(mail, patience);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MailException($"the mail to {mail.To} was not taken within {Patience.TotalSeconds:0} s", e) { MayPass = true };
        }
        catch (ArgumentException e)
        {
            throw new MailException($"the mail to {mail.To} can't be made", e); // nor will it ever be
        }
    }

    /// <summary>Writes a mail to the disk; without one it is only tried.</summary>
    private string? TryKeep(SpooledMail mail)
    {
        var path = Path.Combine(folder, FileName.Check($"{mail.Id}.json"));
        try
        {
            Directory.CreateDirectory(folder, OnlyOwner);
            Durable.ReplaceFile(path, mail.Write());
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogMailFolder(e, folder);
            return null;
        }
    }

    /// <summary>Puts a file aside that is not a mail any more, so that it is reported once and can be looked at.</summary>
    private (SpooledMail Kept, OutgoingMail Mail)? Read(string path)
    {
        try
        {
            var kept = SpooledMail.Read(File.ReadAllBytes(path));
            return (kept, kept.ToMail());
        }
        catch (FileNotFoundException)
        {
            return null; // another has sent it meanwhile
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            File.Move(path, path + ".bad", overwrite: true);
            logger.LogBadMail(e, path + ".bad");
            return null;
        }
    }

    private static void Forget(string? path)
    {
        if (path is not null)
            File.Delete(path);
    }
}
