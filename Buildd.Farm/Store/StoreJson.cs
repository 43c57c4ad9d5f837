using System.Text.Json;
using System.Text.Json.Serialization;
using Buildd.Master.Builds;

namespace Buildd.Farm.Store;

/// <summary>Lists as the text of a column.</summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<BuildFile>))]
[JsonSerializable(typeof(IReadOnlyCollection<long>))]
internal sealed partial class StoreJson : JsonSerializerContext
{
    private const string Empty = "[]";

    internal static string Write(IReadOnlyList<string> words) =>
        words.Count == 0 ? Empty : JsonSerializer.Serialize(words, Default.IReadOnlyListString);

    internal static string Write(IReadOnlyList<BuildFile> files) =>
        files.Count == 0 ? Empty : JsonSerializer.Serialize(files, Default.IReadOnlyListBuildFile);

    internal static string Write(IReadOnlyCollection<long> numbers) =>
        JsonSerializer.Serialize(numbers, Default.IReadOnlyCollectionInt64);

    internal static IReadOnlyList<string> ReadWords(string text) =>
        text == Empty ? [] : JsonSerializer.Deserialize(text, Default.IReadOnlyListString)!;

    internal static IReadOnlyList<BuildFile> ReadFiles(string text) =>
        text == Empty ? [] : JsonSerializer.Deserialize(text, Default.IReadOnlyListBuildFile)!;
}
