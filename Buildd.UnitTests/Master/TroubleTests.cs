using System.Net.Sockets;
using Buildd.Linux.Processes;
using Buildd.Master;
using Buildd.Master.Scanning;
using Buildd.Protocol.Client;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
public sealed class TroubleTests
{
    private static readonly Exception[] Others =
    [
        new BuilderFaultException("it has no more disk"), new RaceLostException("bob"), new RecordsException("the store is away"),
        new SlaveConnectionException("it was closed"), new ProcessException("reprepro can't be started"),
        new IOException("the disk is full"), new FileNotFoundException(), new UnauthorizedAccessException(), new SocketException(),
        new HttpRequestException(), new SqliteException("disk I/O error", 10), new TimeoutException(), new TaskCanceledException(),
    ];


    [TestCaseSource(nameof(Others))]
    public void What_slaves_stores_disks_and_the_network_do_is_expected(Exception exception) =>
        Assert.That(Trouble.IsExpected(exception), Is.True);

    [TestCase(typeof(NullReferenceException))]
    [TestCase(typeof(InvalidOperationException))]
    [TestCase(typeof(ArgumentException))]
    [TestCase(typeof(IndexOutOfRangeException))]
    [TestCase(typeof(KeyNotFoundException))]
    [TestCase(typeof(InvalidCastException))]
    [TestCase(typeof(NotSupportedException))]
    [TestCase(typeof(FormatException))]
    [TestCase(typeof(Exception))]
    public void A_mistake_in_code_is_not(Type type) =>
        Assert.That(Trouble.IsExpected((Exception)Activator.CreateInstance(type)!), Is.False);
}
