"""Countries of Asia, Africa and the Pacific."""

from typing import Final

from waybill.sample.country import City, Country, names

ELSEWHERE: Final = (
    Country(
        "JP", 0.035, False, "JPY", 150.0, "{y}年{m}月{d}日", ("JP", "日本", "Japan"),
        (
            City("東京", None, "東京都", ("100-0001", "1000001")),
            City("大阪市", None, "大阪府", ("530-0001",)),
            City("Kyōto", None, "Kyōto", ("604-8571",)),
        ),
        names("花子=hanako, さくら=sakura, Yūko"), names("太郎=taro, 健一=kenichi, ケン=ken"),
        names("佐藤=sato, 鈴木=suzuki, 高橋=takahashi, 渡邉=watanabe"),
        ("+81 90-1234-5{n}", "090-1234-5{n}", "010 81 90 1234 5{n}", "(090) 1234-5{n}"),
    ),
    Country(
        "KR", 0.02, False, "KRW", 1300.0, "{y}. {m}. {d}.", ("KR", "대한민국", "South Korea", "한국", "Korea"),
        (City("서울", None, "서울특별시", ("04524",)), City("부산", None, None, ("47545",))),
        names("서연=seoyeon, 지우=jiwoo"), names("민준=minjun, 정=jeong"), names("김=kim, 이=lee, 박=park"),
        ("+82 10-0000-0{n}", "010-0000-0{n}", "+82 (0)10 0000 0{n}"),
    ),
    Country(
        "AU", 0.025, False, "AUD", 1.5, "{d}/{m}/{y}", ("AU", "Australia", "au", "AUS"),
        (
            City("Sydney", "NSW", "New South Wales", ("2000",)),
            City("Melbourne", "VIC", "Victoria", ("3000",)),
            City("Brisbane", "QLD", None, ("4000",)),
        ),
        names("Charlotte, Isla, Matilda"), names("Jack, Noah, Lachlan"), names("Nguyen, Smith, Kelly, O’Shea"),
        ("+61 2 5550 0{n}", "(03) 5550 0{n}", "0011 61 7 5550 0{n}", "02-5550-0{n}", "0491 570 156"),
    ),
    Country(
        "IN", 0.015, False, "INR", 85.0, "{d}/{m}/{y}", ("IN", "India", "भारत", "INDIA"),
        (
            City("Mumbai", "MH", "Maharashtra", ("400001",)),
            City("दिल्ली", "DL", "दिल्ली", ("110001",)),
            City("Bengaluru", "KA", "Karnataka", ("560 001",)),
        ),
        names("Aishwarya, प्रिया=priya, Lakshmi"), names("Arjun, राहुल=rahul, Mohammed"),
        names("शर्मा=sharma, Iyer, Patel, Subramanian"),
        ("+91 81234 56{n}", "081234 56{n}", "81234-56{n}", "0091 8123456{n}"),
    ),
    Country(
        "TR", 0.01, False, "TRY", 35.0, "{d}.{m}.{y}", ("TR", "Türkiye", "Turkey", "TÜRKİYE"),
        (City("İstanbul", None, "İstanbul", ("34110",)), City("Diyarbakır", None, None, ("21100",))),
        names("Ayşe, Gülşen, Zeynep"), names("İbrahim, Oğuz, Yiğit"), names("Yıldız=yildiz, Öztürk, Çelik, Şahin"),
        ("+90 501 234 5{n}", "0501 234 5{n}", "0090 501 234 5{n}", "(0501) 234 5{n}"),
    ),
    Country(
        "SA", 0.006, False, "SAR", 3.75, "{d}/{m}/{y}",
        ("SA", "السعودية", "Saudi Arabia", "KSA", "المملكة العربية السعودية"),
        (City("الرياض", None, "منطقة الرياض", ("12211",)), City("جدة", None, None, ("٢١٤٤٢", "21442"))),
        names("فاطمة=fatima, نورة=noura, Maha"), names("محمد=mohammed, عبد الله=abdullah, Khalid"),
        names("العتيبي=alotaibi, القحطاني=alqahtani, Al-Harbi"),
        ("+966 51 234 5{n}", "051 234 5{n}", "00966 51 234 5{n}"),
    ),
    Country(
        "ZA", 0.006, False, "ZAR", 18.0, "{y}/{m}/{d}", ("ZA", "South Africa", "south africa"),
        (City("Cape Town", "WC", "Western Cape", ("8001",)), City("eThekwini", "KZN", "KwaZulu-Natal", ("4001",))),
        names("Nomvula, Anél, Thandeka"), names("Sipho, Pieter, Themba"), names("Dlamini, van der Merwe, Nkosi"),
        ("+27 71 123 4{n}", "071 123 4{n}", "0027 71 123 4{n}"),
    ),
)  # fmt: skip
