using Buildd.Farm.Store;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Protocol;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>Records in which everything has a value that it does not have by default, and how they are compared.</summary>
internal static class RecordSamples
{
    /// <summary>A copy in which whatever changes has a value that it does not have by default.</summary>
    internal static T Fill<T>(IReadOnlyList<Column<T>> columns, T record)
    {
        var copy = (T)typeof(T).GetMethod("<Clone>$")!.Invoke(record, null)!;
        foreach (var property in columns.Where(column => column.Changes).Select(column => typeof(T).GetProperty(column.Property)!))
            property.SetValue(copy, Sample(property.Name, property.PropertyType));
        return copy;
    }

    private static object Sample(string name, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) ? $"{name} \u00e4 'of' \"it\""
            : type == typeof(int) ? 4711
            : type == typeof(bool) ? name != nameof(Builder.InService) && name != nameof(Builder.Manual)
            : type == typeof(DateTimeOffset) ? new DateTimeOffset(2026, 11, 30, 5, 18, 29, TimeSpan.Zero).AddTicks(1234567)
            : type == typeof(TimeSpan) ? TimeSpan.FromTicks(9_876_543_210)
            : type == typeof(Uri) ? new Uri("http://eve.example:8221/")
            : type == typeof(IReadOnlyList<string>) ? (string[])["one", name]
            : type == typeof(IReadOnlyList<BuildFile>) ? (BuildFile[])[new("a_1_amd64.deb", 12, Sha1.Parse(new string('5', 40)), "6b")]
            : type.IsEnum ? type.GetEnumValues().GetValue(type.GetEnumValues().Length - 1)!
            : throw new NotSupportedException($"{name} is a {type}: give this test a value of it.");
    }

    internal static void AssertSame<T>(IReadOnlyList<Column<T>> columns, T? actual, T expected)
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var property in columns.Select(column => typeof(T).GetProperty(column.Property)!))
                Assert.That(property.GetValue(actual), Is.EqualTo(property.GetValue(expected)), property.Name);
        }
    }
}
