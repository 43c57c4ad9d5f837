using System.Text;
using Buildd.Debian.ControlFiles;
using NUnit.Framework;
using static Buildd.UnitTests.Debian.DebianData;

namespace Buildd.UnitTests.Debian.ControlFiles;

[Parallelizable(ParallelScope.All)]
public sealed class ControlLimitsTests
{
    [Test]
    public void A_file_may_have_the_largest_size_and_not_a_byte_more()
    {
        var content = new byte[ControlLimits.MaxFileBytes + 1];
        content.AsSpan().Fill((byte)'\n');

        Assert.That(ControlReader.Read("t", content.AsMemory(1)), Is.Empty);
        Assert.That(MistakeIn(() => ControlReader.Read("t", content)).Mistake, Does.Contain("larger than 8388608"));
    }

    [Test]
    public async Task An_oversized_file_on_the_disk_is_not_read()
    {
        var path = Path.GetTempFileName();
        try
        {
            await using (var stream = File.OpenWrite(path))
                stream.SetLength(1L << 40); // sparse: reading it would never end

            await Assert.ThatAsync(() => ControlReader.ReadFileAsync(path),
                Throws.TypeOf<ControlFileException>().With.Message.Contains("larger").And.Message.Contains(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void A_paragraph_has_so_many_fields_and_no_more()
    {
        Assert.That(Parse(Fields(256)).Single().Fields, Has.Count.EqualTo(256));
        Assert.That(MistakeIn(() => Parse(Fields(257))).Line, Is.EqualTo(257));
    }

    [Test]
    public void A_file_has_so_many_paragraphs_and_no_more()
    {
        Assert.That(Parse(Paragraphs(10_000)), Has.Count.EqualTo(10_000));
        Assert.That(MistakeIn(() => Parse(Paragraphs(10_001))).Mistake, Does.Contain("10000 paragraphs"));
    }

    [Test]
    public void A_field_has_a_name_of_so_many_characters_and_no_more()
    {
        Assert.That(Parse(new string('A', 128) + ": x"), Has.Count.EqualTo(1));
        Assert.That(MistakeIn(() => Parse(new string('A', 129) + ": x")).Mistake, Does.Contain("128"));
    }

    private static string Fields(int count) => Repeat(count, i => $"F{i}: x\n");

    private static string Paragraphs(int count) => Repeat(count, _ => "A: x\n\n");

    private static string Repeat(int count, Func<int, string> part) =>
        Enumerable.Range(0, count).Aggregate(new StringBuilder(), (text, i) => text.Append(part(i))).ToString();
}
