using Buildd.Farm.Uploads;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Uploads;

[Parallelizable(ParallelScope.All)]
public sealed class UploadConfigurationTests
{
    [Test]
    public void Every_field_is_documented()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "uploads.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|')[1].Trim());

        Assert.That(rows.SelectMany(cell => cell.Split(", ")), Is.SupersetOf(UploadConfiguration.Fields));
    }
}
