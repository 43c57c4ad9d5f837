using System.Text;
using Buildd.Daemon.Security;
using Buildd.IntegrationTests.Wire.Fuzzing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Wire;

/// <summary>What <see cref="FuzzTests"/> has found: each was an HTTP 500 and an error in the slave's log.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class FuzzFindsTests
{
    [TestCase(
        "POST /rpc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx\r\n0\r\n\r\n", 400,
        TestName = "The size of a chunk overflows")]
    [TestCase(
        "POST /rpc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Trailer:\0 1\r\n\r\n", null,
        TestName = "A trailer has a NUL in its value")]
    [TestCase("GET /filecache?a\u001db HTTP/1.1\r\nHost: localhost\r\n\r\n", 302,
        TestName = "A query with a control character is redirected")]
    public async Task Nothing_that_a_client_sends_is_an_error_of_ours(string request, int? status, CancellationToken cancellationToken)
    {
        using var errors = new ErrorLog();
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions());
        slave.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        using var connection = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);

        await connection.SendAsync(Encoding.Latin1.GetBytes(request), cancellationToken);
        var answer = await connection.ReceiveAsync(false, cancellationToken);

        Assert.That(answer?.Status, Is.EqualTo(status));
        if (status == 302)
            Assert.That(answer!.Field("Location"), Is.EqualTo("/filecache/?a%1Db"));
        await slave.Client.StatusAsync(cancellationToken);
        Assert.That(errors.Errors, Is.Empty);
    }

    [TestCase("GET /healthz", TestName = "A trailer of a body that nobody reads has a NUL in its value")]
    [TestCase("POST /nothing", TestName = "A trailer of a body that is sent to nobody has a NUL in its value")]
    public async Task Nothing_in_a_body_that_nobody_reads_is_an_error_of_ours(string request, CancellationToken cancellationToken)
    {
        using var errors = new ErrorLog();
        await using var slave = await SlaveInProcess.StartAsync(new SecurityOptions());
        slave.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        using var connection = await RawConnection.OpenAsync(slave.Url.Port, cancellationToken);

        await connection.SendAsync(Encoding.Latin1.GetBytes(
            $"{request} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Trailer:\0 1\r\n\r\n"),
            cancellationToken);
        await connection.EndedAsync(cancellationToken);

        Assert.That(errors.Errors, Is.Empty);
    }
}
