using System.Globalization;
using System.Net.Sockets;

namespace Buildd.Protocol.Client;

/// <summary>
/// One step of an exchange with a deadline: what ends it early becomes the exception that says so. Three things can
/// cancel it, and each gives another: the caller (<see cref="OperationCanceledException"/>), the deadline, and the
/// HTTP client's own timeout (both <see cref="SlaveConnectionException"/>).
/// </summary>
/// <param name="what">The call and the slave, for messages.</param>
/// <param name="time">The clock.</param>
internal sealed class Exchange(string what, TimeProvider time)
{
    /// <summary>The call and the slave, for messages.</summary>
    public string What => what;

    /// <summary>Carries out the step.</summary>
    /// <param name="step">The step; it is given the token that ends it.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="SlaveException">It failed.</exception>
    public async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> step, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await step(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var seconds = timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            throw new SlaveConnectionException(
                deadline.IsCancellationRequested
                    ? $"{what}: nothing came within {seconds} s."
                    : $"{what}: the HTTP client gave up; its own Timeout has to be longer than ours.",
                exception);
        }
        // The client of .NET lets the socket's own exception through where the peer has gone in the moment the connection was made.
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Classify(exception);
        }
    }

    private SlaveException Classify(Exception exception)
    {
        var error = exception switch
        {
            HttpRequestException request => request.HttpRequestError,
            HttpIOException io => io.HttpRequestError,
            _ => HttpRequestError.Unknown,
        };
        return error is HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded
            ? new SlaveProtocolException($"{what}: the answer is no HTTP: {exception.Message}", null, exception)
            : new SlaveConnectionException($"{what}: the connection failed: {MessageOf(exception)}", exception);
    }

    /// <summary>Returns the message of the HTTP client with its cause, without which "see inner exception" helps nobody.</summary>
    private static string MessageOf(Exception exception)
    {
        var cause = exception.GetBaseException().Message;
        return exception.Message.Contains(cause, StringComparison.Ordinal) ? exception.Message : $"{exception.Message} ({cause})";
    }
}
