using Buildd.Testing.Databases;
using NUnit.Framework;

namespace Buildd.UnitTests;

/// <summary>The one server of all tests of this process, started by the first that wants it.</summary>
[SetUpFixture]
public sealed class PostgresForTests
{
    private static readonly Lazy<PostgresServer> One = new(() => PostgresServer.StartAsync().GetAwaiter().GetResult());

    internal static PostgresServer Server => One.Value;

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (One.IsValueCreated)
            await One.Value.DisposeAsync();
    }
}
