#include "demo/catalog.h"

namespace caponier::demo {
namespace {

constexpr Product kProducts[] = {
    {1, "House espresso, whole beans, 250 g", 790},
    {2, "House espresso, whole beans, 1 kg", 2690},
    {3, "House espresso, ground, 250 g", 820},
    {4, "House filter, whole beans, 250 g", 850},
    {5, "House filter, whole beans, 1 kg", 2890},
    {6, "House filter, ground, 250 g", 880},
    {7, "Ethiopia Yirgacheffe, 250 g", 1290},
    {8, "Ethiopia Sidama, 250 g", 1190},
    {9, "Kenya Nyeri, 250 g", 1390},
    {10, "Colombia Huila, 250 g", 1090},
    {11, "Guatemala Antigua, 250 g", 1150},
    {12, "Brazil Cerrado, 250 g", 890},
    {13, "Sumatra Mandheling, 250 g", 1120},
    {14, "Decaffeinated, Swiss water, 250 g", 990},
    {15, "Cold brew bags, 6 pieces", 1490},
    {16, "Tasting set, 4 x 100 g", 2190},
    {17, "Pour-over dripper, ceramic", 2450},
    {18, "Paper filters, 100 pieces", 550},
    {19, "Hand grinder", 8900},
    {20, "Gooseneck kettle", 6900},
    {21, "Milk pitcher, 350 ml", 1990},
    {22, "Espresso cup, with saucer", 1250},
    {23, "Digital scale, 0.1 g", 3990},
    {24, "Gift box", 450},
};

}  // namespace

std::span<const Product> catalog() {
  return kProducts;
}

const Product* find_product(std::uint64_t id) {
  for (const Product& product : kProducts) {
    if (product.id == id) return &product;
  }
  return nullptr;
}

}  // namespace caponier::demo
